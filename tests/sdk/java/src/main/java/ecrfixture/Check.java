package ecrfixture;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Callable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/** What the steps check with. An error ends the journey, and its trace shows the step. */
final class Check {
    /** Where the world's clock stands at first. */
    private static final Instant BEGAN = Instant.parse("2030-01-02T03:04:05Z");

    private Check() {}

    static void equal(String what, Object got, Object want) {
        if (!Objects.equals(got, want)) {
            throw new AssertionError(what + " is " + got + ", not " + want);
        }
    }

    /** The time must be within the minute in which the journey takes place. */
    static void isNow(String what, Instant at) {
        if (at == null || at.isBefore(BEGAN) || !at.isBefore(BEGAN.plus(Duration.ofMinutes(1)))) {
            throw new AssertionError(what + " is " + at + ", which is not now");
        }
    }

    /** Answers the exception of a call, which must be of exactly this type. */
    static <E extends AwsServiceException> E refused(Class<E> kind, Callable<?> call) throws Exception {
        Object answer;
        try {
            answer = call.call();
        } catch (AwsServiceException exception) {
            if (exception.getClass() == kind) {
                return kind.cast(exception);
            }
            throw exception;
        }
        throw new AssertionError("expected " + kind.getSimpleName() + ", got " + answer);
    }
}
