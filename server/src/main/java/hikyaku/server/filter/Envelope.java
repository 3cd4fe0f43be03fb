package hikyaku.server.filter;

import hikyaku.mailbox.Attempt;
import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.dkim.Sealer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * How a message came.
 *
 * @param from its sender; whoever is behind it if it is a return path of ours
 * @param to the recipient as the client named it
 * @param recipient what RCPT said of it
 * @param transaction its id, unique for ever
 * @param attempt to deliver; it has a key
 * @param suspect whether it is for the mailbox for junk, unless a script wants it elsewhere
 * @param facts for the environment test, by name
 * @param arrival what was found of whom it is from; empty if nobody looked
 */
public record Envelope(
    ReversePath from,
    MailParameters parameters,
    ForwardPath to,
    RcptParameters recipient,
    String transaction,
    Attempt attempt,
    boolean suspect,
    Map<String, String> facts,
    Optional<Sealer.Arrival> arrival) {
  public Envelope {
    facts = Map.copyOf(facts);
  }

  /**
   * What is always so, for the environment test (RFC 5183 §4.1).
   *
   * @param host our name
   */
  public static Map<String, String> facts(String host) {
    Map<String, String> facts = new HashMap<>();
    facts.put("name", "Hikyaku");
    facts.put("location", "MDA");
    facts.put("phase", "during");
    facts.put("host", host);
    facts.put("domain", host.substring(host.indexOf('.') + 1));
    return facts;
  }

  String key() {
    return Objects.requireNonNull(attempt.key());
  }

  /** The key of one of several writes. */
  String key(String part) {
    return Objects.requireNonNull(attempt.part(part).key());
  }
}
