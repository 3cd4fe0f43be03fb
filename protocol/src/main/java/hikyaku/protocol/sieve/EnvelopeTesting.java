package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Test.AddressPart;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the envelope has of what a test looks at (RFC 5228 §5.4, RFC 6009 §4, §5). */
final class EnvelopeTesting {
  private final SieveMessage message;
  private final Surroundings surroundings;
  private final Run run;

  EnvelopeTesting(SieveMessage message, Surroundings surroundings, Run run) {
    this.message = message;
    this.surroundings = surroundings;
    this.run = run;
  }

  /**
   * The values, in the order of the names; none of what the envelope has not.
   *
   * @param names of parts
   */
  List<String> values(Test.Envelope test, List<String> names) throws RunException {
    List<String> values = new ArrayList<>();
    for (String name : names) {
      EnvelopePart part =
          EnvelopePart.of(name)
              .filter(test.known()::contains)
              // RFC 5228 §5.4: one that is not known should be an error.
              .orElseThrow(() -> run.problem(unknown(name)));
      if (!part.isAddress() && test.part() != null) {
        throw run.problem(noAddress(part));
      }
      values.addAll(values(test, part));
    }
    return values;
  }

  static String unknown(String name) {
    return "the envelope has no part " + name + " for this script";
  }

  /** RFC 6009 §4, §5. */
  static String noAddress(EnvelopePart part) {
    return Collation.asciiLower(part.name()) + " of the envelope is no address and has no parts";
  }

  private List<String> values(Test.Envelope test, EnvelopePart part) {
    DeliveryTerms terms = surroundings.terms();
    return switch (part) {
      case FROM -> path(message.from(), test);
      case TO -> path(message.to(), test);
      case NOTIFY -> terms.notifyOn().orElse(List.of());
      case ORCPT -> terms.orcpt().stream().toList();
      case RET -> terms.ret().stream().toList();
      case ENVID -> terms.envid().stream().toList();
      case BYTIMEABSOLUTE ->
          terms.by().map(by -> absolute(by.seconds(), test.zone())).stream().toList();
      case BYTIMERELATIVE -> terms.by().map(by -> Long.toString(by.seconds())).stream().toList();
      case BYMODE -> terms.by().map(by -> by.returned() ? "return" : "notify").stream().toList();
      case BYTRACE -> terms.by().map(by -> by.trace() ? "trace" : "").stream().toList();
    };
  }

  /** In ISO 8601 as RFC 6009 §5 restricts it. */
  private String absolute(long seconds, Test.Zone zone) {
    OffsetDateTime time =
        surroundings
            .now()
            .plusSeconds(seconds)
            .truncatedTo(ChronoUnit.SECONDS)
            .atOffset(ZoneOffset.UTC);
    return DatePart.of(DatePart.in(zone, time, surroundings.zone()), "iso8601").orElseThrow();
  }

  /**
   * The empty path is the empty string, whatever part is asked for (RFC 5228 §5.4); where values
   * are counted it is none (RFC 5231 §4.2).
   */
  private List<String> path(String path, Test.Envelope test) {
    if (path.isEmpty()) {
      return test.match().type() == Match.Type.COUNT ? List.of() : List.of("");
    }
    MailAddress address = Addresses.parse(path).orElseGet(() -> new MailAddress(path, ""));
    AddressPart part = Optional.ofNullable(test.part()).orElse(AddressPart.ALL);
    return Addresses.part(address, part, surroundings.separators()).stream().toList();
  }
}
