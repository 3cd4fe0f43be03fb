package hikyaku.server.origin;

import hikyaku.server.net.AddressPrefix;
import java.time.Duration;
import java.util.List;

/**
 * What is found out about whom mail from other servers is from, and what follows from it.
 *
 * @param enabled whether mail from other servers is examined
 * @param authservId the name under which the results are told in Authentication-Results, the same
 *     on all nodes; fields under it that others have written are taken out. Empty for the host's
 *     name
 * @param trusted addresses and prefixes of our own machines, whose mail is not examined, and whose
 *     Authentication-Results stand
 * @param forwarders addresses and prefixes of servers that forward mail for us: their mail is
 *     examined, and whatever comes out it is taken
 * @param sealers domains whose ARC seals are believed: mail that passed DMARC when it came to the
 *     first of them is taken, if each seal is from one of them
 * @param dmarcReject what becomes of mail that fails DMARC and whose author's domain wants it
 *     refused: {@code refuse} (550 5.7.26), {@code junk} or {@code accept}
 * @param dmarcQuarantine the same where the domain wants it set apart
 * @param spfFail what becomes of mail whose server may not send for its domain by SPF, unless DMARC
 *     passes. Many forward mail in all innocence, so {@code accept}
 * @param unsure what becomes of mail that DMARC cannot judge because DNS does not answer: {@code
 *     accept}, or {@code defer} (451 4.4.3, or 4.7.24 where it is SPF)
 * @param deadline how long the end of a message waits for DNS
 * @param questions the most questions of DNS for each thing that is found out of a message: SPF of
 *     its sender, SPF of the client's name, a key, the policy of a domain
 * @param signatures the most signatures of one message that are verified, from the top
 * @param header the most octets of a header; of a longer one no signature is verified
 * @param seal whether what was found is sealed when a script sends the message on to another
 *     service (ARC), by the domain's DKIM key of RSA
 */
public record OriginSettings(
    boolean enabled,
    String authservId,
    List<AddressPrefix> trusted,
    List<AddressPrefix> forwarders,
    List<String> sealers,
    Action dmarcReject,
    Action dmarcQuarantine,
    Action spfFail,
    Unsure unsure,
    Duration deadline,
    int questions,
    int signatures,
    int header,
    boolean seal) {

  /** What becomes of a message that fails. */
  public enum Action {
    ACCEPT,
    /** It goes to the mailbox for junk, unless the account's script wants it elsewhere. */
    JUNK,
    REFUSE
  }

  /** What becomes of a message that cannot be judged now. */
  public enum Unsure {
    ACCEPT,
    DEFER
  }

  public static final OriginSettings DEFAULTS =
      new OriginSettings(
          true,
          "",
          List.of(AddressPrefix.parse("127.0.0.0/8"), AddressPrefix.parse("::1")),
          List.of(),
          List.of(),
          Action.REFUSE,
          Action.JUNK,
          Action.ACCEPT,
          Unsure.ACCEPT,
          Duration.ofSeconds(10),
          100,
          8,
          256 * 1024,
          true);

  public OriginSettings {
    trusted = List.copyOf(trusted);
    forwarders = List.copyOf(forwarders);
    sealers = sealers.stream().map(Text::lower).toList();
    if (questions < 1 || signatures < 0 || header < 1_024) {
      throw new IllegalArgumentException(
          "origin.questions must be 1 at least, origin.signatures 0, and origin.header 1K");
    }
  }

  /** The same under a name, if it has none. */
  public OriginSettings named(String hostName) {
    return new OriginSettings(
        enabled,
        authservId.isEmpty() ? hostName : authservId,
        trusted,
        forwarders,
        sealers,
        dmarcReject,
        dmarcQuarantine,
        spfFail,
        unsure,
        deadline,
        questions,
        signatures,
        header,
        seal);
  }
}
