package hikyaku.protocol.sieve;

import java.util.Arrays;
import java.util.Optional;

/** What a script can require (RFC 5228 §3.2), each implemented whole. */
public enum Extension {
  /** RFC 5173. */
  BODY("body"),
  /** RFC 4790 §9.2. */
  COMPARATOR_ASCII_CASEMAP("comparator-i;ascii-casemap"),
  /** RFC 4790 §9.1. */
  COMPARATOR_ASCII_NUMERIC("comparator-i;ascii-numeric"),
  /** RFC 4790 §9.3. */
  COMPARATOR_OCTET("comparator-i;octet"),
  /** RFC 5051. */
  COMPARATOR_UNICODE_CASEMAP("comparator-i;unicode-casemap"),
  /** RFC 3894. */
  COPY("copy"),
  /** RFC 5260 §4. */
  DATE("date"),
  /** RFC 7352. */
  DUPLICATE("duplicate"),
  /** RFC 5293. */
  EDITHEADER("editheader"),
  /** RFC 5703 §6. */
  ENCLOSE("enclose"),
  /** RFC 5228 §2.4.2.4. */
  ENCODED_CHARACTER("encoded-character"),
  /** RFC 5435, with the method of RFC 5436. */
  ENOTIFY("enotify"),
  /** RFC 5228 §5.4. */
  ENVELOPE("envelope"),
  /** RFC 6009 §5. */
  ENVELOPE_DELIVERBY("envelope-deliverby"),
  /** RFC 6009 §4. */
  ENVELOPE_DSN("envelope-dsn"),
  /** RFC 5183. */
  ENVIRONMENT("environment"),
  /** RFC 5429 §2.1. */
  EREJECT("ereject"),
  /** RFC 6134. */
  EXTLISTS("extlists"),
  /** RFC 5703 §7. */
  EXTRACTTEXT("extracttext"),
  /** RFC 8580. */
  FCC("fcc"),
  /** RFC 5228 §4.1. */
  FILEINTO("fileinto"),
  /** RFC 5703 §3. */
  FOREVERYPART("foreverypart"),
  /** RFC 5463. */
  IHAVE("ihave"),
  /** RFC 5232. */
  IMAP4FLAGS("imap4flags"),
  /** RFC 6609. */
  INCLUDE("include"),
  /** RFC 5260 §6. */
  INDEX("index"),
  /** RFC 5490 §3. */
  MAILBOX("mailbox"),
  /** RFC 9042. */
  MAILBOXID("mailboxid"),
  /** RFC 5490 §3.3 and 3.4. */
  MBOXMETADATA("mboxmetadata"),
  /** RFC 5703 §4. */
  MIME("mime"),
  /** draft-ietf-sieve-regex. */
  REGEX("regex"),
  /** RFC 6009 §7. */
  REDIRECT_DELIVERBY("redirect-deliverby"),
  /** RFC 6009 §6. */
  REDIRECT_DSN("redirect-dsn"),
  /** RFC 5429 §2.2. */
  REJECT("reject"),
  /** RFC 5231. */
  RELATIONAL("relational"),
  /** RFC 5703 §5. */
  REPLACE("replace"),
  /** RFC 5490 §4. */
  SERVERMETADATA("servermetadata"),
  /** RFC 5235 §3.2. */
  SPAMTEST("spamtest"),
  /** RFC 5235 §3.2; brings spamtest along. */
  SPAMTESTPLUS("spamtestplus"),
  /** RFC 8579. */
  SPECIAL_USE("special-use"),
  /** RFC 5233. */
  SUBADDRESS("subaddress"),
  /** RFC 5230. */
  VACATION("vacation"),
  /** RFC 6131; brings vacation along. */
  VACATION_SECONDS("vacation-seconds"),
  /** RFC 5229. */
  VARIABLES("variables"),
  /** RFC 5235 §3.3. */
  VIRUSTEST("virustest");

  private final String wire;

  Extension(String wire) {
    this.wire = wire;
  }

  /** As scripts name it. */
  public String wire() {
    return wire;
  }

  /** By the name that scripts give it, in which case counts. */
  public static Optional<Extension> of(String wire) {
    return Arrays.stream(values()).filter(each -> each.wire.equals(wire)).findFirst();
  }
}
