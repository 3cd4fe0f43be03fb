package hikyaku.server.origin;

import java.util.List;

/**
 * Whose DKIM signatures of a message hold.
 *
 * @param passed domains
 * @param unsure domains whose keys could not be had now
 */
public record HeldSignatures(List<String> passed, List<String> unsure) {
  public HeldSignatures {
    passed = List.copyOf(passed);
    unsure = List.copyOf(unsure);
  }

  /** Whether the domain of an author, or one above it, has signed it (RFC 6376 §3.5). */
  public boolean prove(String domain) {
    return isAmong(passed, domain);
  }

  /** Whether it may have, and that cannot be found out now. */
  public boolean mayProve(String domain) {
    return isAmong(unsure, domain);
  }

  private static boolean isAmong(List<String> domains, String domain) {
    return domains.stream().anyMatch(each -> domain.equals(each) || domain.endsWith("." + each));
  }
}
