package hikyaku.server.foreign;

import hikyaku.server.directory.Credentials;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A foreign server.
 *
 * @param name how accounts and domains name it
 * @param imap where it speaks IMAP; empty if it does not
 * @param pop3 where it speaks POP3; empty if it does not
 * @param unchecked whether any certificate will do
 * @param certificate SHA-256 of the only certificate that will do, in lower-case hexadecimal
 *     digits; empty for one that this machine trusts for the host
 * @param proxy the version of the PROXY protocol that it is told of clients by; 0 for none
 * @param localPart whether it calls users by the part before the @
 * @param master the user that logs in for others, as {@code user*master}; empty for none
 * @param masterPassword that user's, sealed
 */
public record Backend(
    String name,
    Optional<Endpoint> imap,
    Optional<Endpoint> pop3,
    boolean unchecked,
    String certificate,
    int proxy,
    boolean localPart,
    String master,
    Optional<Credentials.Sealed> masterPassword) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");
  private static final Pattern DIGEST = Pattern.compile("([0-9a-f]{64})?");
  private static final Pattern USER = Pattern.compile("[\\x21-\\x7e&&[^*]]{0,64}");

  public Backend {
    if (!NAME.matcher(name).matches() || name.equals("here")) {
      throw new IllegalArgumentException(
          "\""
              + name
              + "\" is no name of a foreign server: 1 to 63 lower-case letters, digits, dots, hyphens"
              + " and underscores, a letter or digit first; not \"here\"");
    }
    if (imap.isEmpty() && pop3.isEmpty()) {
      throw new IllegalArgumentException("a foreign server speaks IMAP or POP3 at least");
    }
    if (!DIGEST.matcher(certificate).matches()) {
      throw new IllegalArgumentException("the SHA-256 of a certificate has 64 hexadecimal digits");
    }
    if (unchecked && !certificate.isEmpty()) {
      throw new IllegalArgumentException("either any certificate will do or one alone");
    }
    if (proxy < 0 || proxy > 2) {
      throw new IllegalArgumentException("the PROXY protocol has versions 1 and 2");
    }
    if (!USER.matcher(master).matches()) {
      throw new IllegalArgumentException("the master user's name is not usable");
    }
    if (master.isEmpty() != masterPassword.isEmpty()) {
      throw new IllegalArgumentException("a master user has a password, and only that");
    }
  }

  /** What the password of the master user is sealed for. */
  public static String sealedFor(String name) {
    return "backend/" + name;
  }
}
