package hikyaku.server.origin;

import java.security.PublicKey;
import java.util.Arrays;
import java.util.List;

/**
 * A key as a domain publishes it (RFC 6376 §3.6.1).
 *
 * @param sameDomain whether it is for identities of the very domain only
 */
record DkimKey(PublicKey key, boolean sameDomain) {

  /**
   * The key among the texts at its name.
   *
   * @throws BadRecordException if none of them is one that signatures of this kind can have
   */
  static DkimKey of(List<String> texts, Algorithm algorithm) throws BadRecordException {
    BadRecordException last = new BadRecordException("no key");
    // RFC 6376 §3.6.2.2 leaves open which one of several it is.
    for (String text : texts.stream().limit(4).toList()) {
      try {
        return parse(text, algorithm);
      } catch (BadRecordException e) {
        last = e;
      }
    }
    throw last;
  }

  static DkimKey parse(String text, Algorithm algorithm) throws BadRecordException {
    TagList tags = TagList.parse(text);
    if (tags.get("v") != null && !tags.beginsWith("v", "DKIM1")) {
      throw new BadRecordException("a key of another version");
    }
    if (!tags.get("k", "rsa").equalsIgnoreCase(algorithm.keyType())) {
      throw new BadRecordException("a key of another kind");
    }
    if (!has(tags.get("h", "sha256"), "sha256")) {
      throw new BadRecordException("a key for another hash");
    }
    String services = tags.get("s", "*");
    if (!has(services, "*") && !has(services, "email")) {
      throw new BadRecordException("a key that is not for mail");
    }
    if (tags.get("p", "").isEmpty()) {
      throw new BadRecordException("a key that was revoked");
    }
    PublicKey key = algorithm.key(MailSignature.base64(tags.need("p")).octets());
    return new DkimKey(key, has(tags.get("t", ""), "s"));
  }

  private static boolean has(String list, String wanted) {
    return Arrays.stream(list.split(":", -1)).map(Text::trim).anyMatch(wanted::equalsIgnoreCase);
  }
}
