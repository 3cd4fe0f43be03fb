package hikyaku.protocol.sieve;

import hikyaku.protocol.mime.HeaderField;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The message as the script at hand sees it: all of it, or, for one that a loop over parts has
 * included, the part that the loop had come to as if that were all (RFC 6609 §3.5). What a script
 * does is about all of the message nevertheless.
 */
final class Presented {
  private final SieveMessage message;
  private final Run run;

  /** Null for all of the message, whatever is put around it. */
  private @Nullable Part part;

  Presented(SieveMessage message, Run run) {
    this.message = message;
    this.run = run;
  }

  /**
   * Goes on as a script sees it that is included.
   *
   * @param atHand what the loop around the include has come to; without a loop all stays as it is
   * @return for {@link #leave}
   */
  Optional<Part> enter(Optional<Part> atHand) {
    Optional<Part> before = Optional.ofNullable(part);
    if (atHand.isPresent()) {
      part = isWhole(atHand.get()) ? null : atHand.get();
    }
    return before;
  }

  void leave(Optional<Part> before) {
    part = before.orElse(null);
  }

  private boolean isWhole(Part one) {
    return one == message.parts().root();
  }

  /** What loops begin with, and what is looked at outside of them. */
  Part root() {
    Part seen = part;
    return seen == null ? message.parts().root() : seen;
  }

  /** The fields of a name in order; the message has those of this delivery too. */
  List<HeaderField> fields(String name) throws RunException, IOException {
    return fields(root(), name);
  }

  /** The same of a part. */
  List<HeaderField> fields(Part of, String name) throws RunException, IOException {
    List<HeaderField> fields =
        isWhole(of) ? message.fields(name) : message.parts().fields(of, name);
    run.payForRead(message);
    return fields;
  }

  /** The first field of a name as people read it; empty if there is none. */
  String text(String name) throws RunException, IOException {
    return SieveMessage.text(fields(name));
  }

  /** Octets (RFC 5228 §5.9). */
  long size() {
    Part seen = part;
    return seen == null ? message.size() : message.parts().size(seen);
  }

  /** What {@code body} looks at (RFC 5173 §5). */
  List<String> body(Test.BodyTransform transform, List<String> types)
      throws RunException, IOException {
    Parts parts = message.parts();
    List<String> values =
        !parts.hasBody(root())
            ? List.of()
            : switch (transform) {
              case RAW -> List.of(parts.rawBody(root()));
              case TEXT -> parts.content(root(), List.of("text"));
              case CONTENT -> parts.content(root(), types);
            };
    run.payForRead(message);
    return values;
  }
}
