// The bytes of the journey: a layer, a config, manifests over them, and policies.

import { createHash } from "node:crypto";

export const LAYER_PARTS = [Buffer.alloc(5_242_880, "x"), Buffer.alloc(1_000, "y")];
export const LAYER = Buffer.concat(LAYER_PARTS);
export const CONFIG = Buffer.from('{"architecture":"amd64","os":"linux"}');
export const SMALL = Buffer.alloc(1_000, "z");
export const NONE = `sha256:${"0".repeat(64)}`;

export const SIGNATURE_TYPE = "application/vnd.journey.signature";
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

export const PUSHED = new Date("2029-06-01T12:30:15.500Z");
const NOW = new Date("2030-01-02T03:04:05Z");

export const LIFECYCLE = JSON.stringify({
  rules: [
    {
      rulePriority: 1,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 1 },
      action: { type: "expire" },
    },
  ],
});

/** The digest of these bytes, or of this text. */
export function digestOf(data) {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** A manifest that differs from others by its name; with a subject, the manifest's text, it is its signature. */
export function manifest(name, { layer = LAYER, layerDigest = digestOf(layer), subject } = {}) {
  const signature = subject && {
    artifactType: SIGNATURE_TYPE,
    subject: { mediaType: MANIFEST_TYPE, digest: digestOf(subject), size: subject.length },
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      digest: digestOf(CONFIG),
      size: CONFIG.length,
    },
    layers: [
      { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layerDigest, size: layer.length },
    ],
    annotations: { n: name },
    ...signature,
  });
}

/** A policy that lets another account do this. */
export function policy(action, resource) {
  const statement = {
    Sid: "journey",
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::999988887777:root" },
    Action: [action],
    ...(resource && { Resource: [resource] }),
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

/** Whether a time is a `Date` in the minute of the journey, or so many hours later. */
export function isNow(time, { laterHours = 0 } = {}) {
  if (!(time instanceof Date)) return false;
  const passed = time - NOW - laterHours * 3_600_000;
  return 0 <= passed && passed < 60_000;
}
