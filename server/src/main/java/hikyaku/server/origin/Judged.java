package hikyaku.server.origin;

import java.net.InetAddress;
import java.util.List;

/**
 * What DMARC made of a message, as far as the domain of its author may be told of it (RFC 7489
 * §7.2). Words are those of aggregate reports.
 *
 * @param client who brought it
 * @param author the domain in From that was judged
 * @param sender the domain of the envelope's sender; empty for none
 * @param published the policy
 * @param dkimAligned whether a signature that holds is of the author's domain
 * @param spfAligned whether the client may send for the author's domain
 * @param disposition {@code pass}, {@code none}, {@code quarantine} or {@code reject}
 * @param override why it is not what the policy says
 * @param spfDomain that SPF was asked of: the sender's, or the client's name if there is none
 * @param spf its result
 * @param signatures those whose domain could be read
 */
public record Judged(
    InetAddress client,
    String author,
    String sender,
    Published published,
    boolean dkimAligned,
    boolean spfAligned,
    String disposition,
    Override override,
    String spfDomain,
    String spf,
    List<Signature> signatures) {

  public Judged {
    signatures = List.copyOf(signatures);
  }

  /**
   * A policy as it is published.
   *
   * @param domain at which its record is
   * @param policy for the domain itself
   * @param below for those below it
   * @param absent for those below it that do not exist
   * @param reports where aggregate reports are wanted: what the record says, not looked at
   */
  public record Published(
      String domain,
      String policy,
      String below,
      String absent,
      boolean strictDkim,
      boolean strictSpf,
      boolean testing,
      List<String> reports) {
    public Published {
      reports = List.copyOf(reports);
    }
  }

  /** One DKIM signature, with its result (RFC 8601 §2.7.1). */
  public record Signature(String domain, String selector, String result) {}

  /** Why a policy was not followed. */
  public enum Override {
    NONE,
    /** Who sealed it is believed (ARC). */
    SEALED,
    /** It comes from a server that forwards mail for us. */
    FORWARDER,
    /** The policy is being tried out. */
    TESTING,
    /** The policy is for a share of the mail, and this is of the rest. */
    SAMPLED,
    /** DNS did not say whether it passes. */
    UNSURE,
    /** The operator has set something else. */
    LOCAL
  }
}
