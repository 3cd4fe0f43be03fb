package hikyaku.server.srs;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.auth.InstallationKey;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Return paths that are signed by the key of the installation. */
public final class SenderRewriting implements ReturnPaths {
  /** Octets of a local part that every server takes (RFC 5321 §4.5.3.1.1). */
  static final int LONGEST_LOCAL_PART = 64;

  private static final String ALGORITHM = "HmacSHA256";

  private final SrsSettings settings;
  private final Directory directory;
  private final InstantSource clock;
  private final SecretKeySpec own;

  /**
   * Those whose signatures are good: our own, the one before, and the next one, since nodes do not
   * hear of it at the same moment.
   */
  private final List<SecretKeySpec> good = new ArrayList<>();

  public SenderRewriting(
      SrsSettings settings,
      InstallationKey installation,
      Directory directory,
      InstantSource clock) {
    this.settings = settings;
    this.directory = directory;
    this.clock = clock;
    this.own = key(installation, settings.key());
    good.add(own);
    good.add(key(installation, settings.key() - 1));
    good.add(key(installation, settings.key() + 1));
  }

  private static SecretKeySpec key(InstallationKey installation, int number) {
    return new SecretKeySpec(installation.derive("return paths " + number), ALGORITHM);
  }

  /**
   * What has no sender keeps none, and senders of ours stay what they are: no SPF of others is in
   * the way. An author who does not fit into a return path is replaced by the account, whose user
   * then hears of what fails behind the next server; of what that one refuses the author hears.
   */
  @Override
  public ReversePath onward(ReversePath sender, Address account) {
    if (!settings.enabled() || !(sender instanceof Mailbox author)) {
      return sender;
    }
    Optional<String> domain = Address.canonicalDomain(author.domain());
    if (domain.isPresent() && isOurs(domain.get())) {
      return sender;
    }
    Mailbox self = new Mailbox(account.localPart(), account.domain());
    return domain.flatMap(of -> rewritten(author.localPart(), of, account)).orElse(self);
  }

  private Optional<Mailbox> rewritten(String localPart, String domain, Address account) {
    SrsAddress unsigned = SrsAddress.unsigned(localPart, domain, Day.written(clock.instant()));
    String local = unsigned.signed(signature(own, unsigned)).localPart();
    String ours = settings.domain().isEmpty() ? account.domain() : settings.domain();
    int octets = local.getBytes(UTF_8).length;
    boolean fits =
        octets <= LONGEST_LOCAL_PART && octets + 1 + ours.length() <= MailAddress.LONGEST;
    return fits ? Optional.of(new Mailbox(local, ours)) : Optional.empty();
  }

  @Override
  public Behind behind(Mailbox address) {
    Behind found = once(address);
    if (!(found instanceof Behind.Author(Mailbox before))) {
      return found;
    }
    // Who rewrote it first may be one whose domain has become ours.
    Behind first = once(before);
    return first instanceof Behind.None ? found : first;
  }

  private Behind once(Mailbox address) {
    if (!SrsAddress.isLike(address.localPart())
        || Address.canonicalDomain(address.domain()).filter(this::isOurs).isEmpty()) {
      return new Behind.None();
    }
    Optional<SrsAddress> read = SrsAddress.read(address.localPart()).filter(this::isGood);
    if (read.isEmpty()) {
      // Where nothing is rewritten it may be somebody's.
      return settings.enabled() ? new Behind.Forged() : new Behind.None();
    }
    return Day.age(read.get().day(), clock.instant()) > settings.validity().toDays()
        ? new Behind.Expired()
        : new Behind.Author(new Mailbox(read.get().before(), read.get().domain()));
  }

  private boolean isOurs(String domain) {
    return domain.equals(settings.domain()) || directory.domain(domain).isPresent();
  }

  private boolean isGood(SrsAddress read) {
    byte[] signature = SrsAddress.lower(read.signature()).getBytes(UTF_8);
    return good.stream()
        .map(key -> SrsAddress.lower(signature(key, read)).getBytes(UTF_8))
        .anyMatch(expected -> MessageDigest.isEqual(expected, signature));
  }

  private static String signature(SecretKeySpec key, SrsAddress address) {
    byte[] code;
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      code = mac.doFinal(address.covered().getBytes(UTF_8));
    } catch (GeneralSecurityException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < SrsAddress.SIGNATURE; i++) {
      // Of each octet five bits.
      out.append(Day.BASE32.charAt(code[i] & 31));
    }
    return out.toString();
  }
}
