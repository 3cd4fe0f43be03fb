package hikyaku.server.filter;

import hikyaku.mailbox.Attempt;
import hikyaku.protocol.sieve.DeliveryTerms;
import hikyaku.protocol.smtp.DeliverBy;
import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.MailParameters;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.RcptParameters;
import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.dkim.Sealer;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * How a message came.
 *
 * @param from its sender; whoever is behind it if it is a return path of ours
 * @param to the recipient as the client named it
 * @param recipient what RCPT said of it
 * @param transaction its id, unique for ever
 * @param attempt to deliver; it has a key
 * @param suspect whether it is for the mailbox for junk, unless a script wants it elsewhere
 * @param denied whether the domain of its sender says that it is not from there
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
    boolean denied,
    Map<String, String> facts,
    Optional<Sealer.Arrival> arrival) {
  public Envelope {
    facts = Map.copyOf(facts);
  }

  /** Whoever is named as the sender of such mail most likely never wrote it. */
  private static final String SUSPECT = "the message is suspect";

  private static final String DENIED = "its sender's domain says that it is not from there";

  /** Why its sender is told nothing of it (RFC 5429 §2.1); nothing if it may be. */
  Optional<String> silence() {
    return suspect ? Optional.of(SUSPECT) : denied ? Optional.of(DENIED) : Optional.empty();
  }

  /** Whether a mail may tell its sender what became of it, if there is one. */
  public boolean isAnswerable() {
    return silence().isEmpty();
  }

  /** Our name in mail. */
  String host() {
    return facts.getOrDefault("host", "localhost");
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

  /** What it has beside addresses, as scripts see it (RFC 6009 §4, §5). */
  DeliveryTerms terms() {
    Set<Notify> notifyOn = recipient.notifyOn();
    RcptParameters.OriginalRecipient meant = recipient.orcpt();
    return new DeliveryTerms(
        Optional.ofNullable(notifyOn)
            .map(some ->
                some.isEmpty()
                    ? List.of("NEVER")
                    : some.stream().sorted().map(Notify::name).toList()),
        Optional.ofNullable(meant).map(each -> each.type() + ";" + each.address()),
        Optional.ofNullable(parameters.ret()).map(MailParameters.Ret::name),
        Optional.ofNullable(parameters.envid()),
        Optional.ofNullable(parameters.by())
            .map(by -> new DeliveryTerms.By(by.seconds(), by.returned(), by.trace())));
  }

  /**
   * The same as a script sends it on that says what is to be told and when it must be there: its
   * owner hears of it (RFC 6009 §6.1, §7.1), and what the author asked for goes with the author.
   */
  Envelope sentOn(Mailbox owner, DeliveryTerms terms) {
    DeliverBy by =
        terms
            .by()
            .map(each -> new DeliverBy(each.seconds(), each.returned(), each.trace()))
            .orElse(parameters.by());
    return new Envelope(
        from instanceof Mailbox ? owner : from,
        new MailParameters(
            parameters.size(),
            parameters.body(),
            parameters.smtpUtf8(),
            terms.ret().map(MailParameters.Ret::valueOf).orElse(null),
            null,
            parameters.auth(),
            parameters.requireTls(),
            parameters.hold(),
            by,
            parameters.priority()),
        to,
        new RcptParameters(terms.notifyOn().map(Envelope::moments).orElse(null), null),
        transaction,
        attempt,
        suspect,
        denied,
        facts,
        arrival);
  }

  private static Set<Notify> moments(List<String> names) {
    Set<Notify> moments = EnumSet.noneOf(Notify.class);
    names.stream()
        .filter(name -> !name.equals("NEVER"))
        .forEach(name -> moments.add(Notify.valueOf(name)));
    return moments;
  }

  String key() {
    return Objects.requireNonNull(attempt.key());
  }

  /** The key of one of several writes. */
  String key(String part) {
    return Objects.requireNonNull(attempt.part(part).key());
  }
}
