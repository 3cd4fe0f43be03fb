package hikyaku.protocol.mime;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The date in a header field that we write (RFC 5322 §3.3). */
public final class MailDate {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.US);

  private MailDate() {}

  /** In UTC. */
  public static String of(Instant time) {
    return DATE.format(time.atOffset(ZoneOffset.UTC));
  }
}
