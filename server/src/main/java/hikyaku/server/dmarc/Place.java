package hikyaku.server.dmarc;

import hikyaku.protocol.address.MailAddress;
import hikyaku.server.reports.ReportMail;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a domain wants its reports (RFC 7489 §6.2).
 *
 * @param most octets that a message there may have
 */
record Place(MailAddress to, long most) {
  private static final Pattern LIMITED = Pattern.compile("(.*)!([0-9]{1,18})([kmgt]?)");

  /** Nothing if it is none that reports are sent to: no {@code mailto:}, or no address. */
  static Optional<Place> of(String uri) {
    Matcher limited = LIMITED.matcher(uri.toLowerCase(Locale.ROOT));
    if (!limited.matches()) {
      return ReportMail.address(uri)
          .filter(to -> !to.isLiteral())
          .map(to -> new Place(to, Long.MAX_VALUE));
    }
    int power = " kmgt".indexOf(limited.group(3).isEmpty() ? " " : limited.group(3));
    long number = Long.parseLong(limited.group(2));
    long unit = 1L << (10 * power);
    long most = number > Long.MAX_VALUE / unit ? Long.MAX_VALUE : number * unit;
    return ReportMail.address(uri.substring(0, limited.end(1)))
        .filter(to -> !to.isLiteral())
        .map(to -> new Place(to, most));
  }
}
