package ecrfixture;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** The bytes that the journey pushes. */
final class Content {
    static final byte[] LAYER_FIRST = filled('x', 5_242_880);
    static final byte[] LAYER_LAST = filled('y', 1_000);
    static final byte[] LAYER = joined(LAYER_FIRST, LAYER_LAST);
    static final byte[] CONFIG = "{\"architecture\":\"amd64\",\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8);
    static final String NONE = "sha256:" + "0".repeat(64);
    static final String SIGNATURE_TYPE = "application/vnd.journey.signature";

    private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

    private Content() {}

    static byte[] filled(char letter, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) letter);
        return bytes;
    }

    static String digest(byte[] bytes) {
        try {
            return "sha256:" + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException absent) {
            throw new AssertionError("every Java has it", absent);
        }
    }

    static String digest(String text) {
        return digest(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The image of this name over the journey's layer. */
    static String manifest(String name) {
        return manifest(name, digest(LAYER), LAYER.length);
    }

    /** The image of this name over a layer. */
    static String manifest(String name, String layer, int size) {
        return manifest(name, layer, size, "");
    }

    /** An artifact of this name that refers to a manifest. */
    static String signature(String name, String subject) {
        String refers = "\"artifactType\":\"%s\",\"subject\":%s,"
                .formatted(SIGNATURE_TYPE, descriptor(MANIFEST_TYPE, digest(subject), subject.length()));
        return manifest(name, digest(LAYER), LAYER.length, refers);
    }

    private static String manifest(String name, String layer, int size, String more) {
        return "{\"schemaVersion\":2,\"mediaType\":\"%s\",%s\"config\":%s,\"layers\":[%s],\"annotations\":{\"n\":\"%s\"}}"
                .formatted(
                        MANIFEST_TYPE,
                        more,
                        descriptor("application/vnd.oci.image.config.v1+json", digest(CONFIG), CONFIG.length),
                        descriptor("application/vnd.oci.image.layer.v1.tar", layer, size),
                        name);
    }

    private static String descriptor(String mediaType, String digest, int size) {
        return String.format(
                Locale.ROOT, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}", mediaType, digest, size);
    }

    private static byte[] joined(byte[] first, byte[] last) {
        byte[] bytes = Arrays.copyOf(first, first.length + last.length);
        System.arraycopy(last, 0, bytes, first.length, last.length);
        return bytes;
    }
}
