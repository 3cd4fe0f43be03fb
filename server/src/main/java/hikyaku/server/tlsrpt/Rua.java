package hikyaku.server.tlsrpt;

import hikyaku.protocol.address.MailAddress;
import hikyaku.server.reports.ReportMail;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a domain wants its reports (RFC 8460 §3). */
sealed interface Rua {
  /** By mail. */
  record Mail(MailAddress to) implements Rua {
    @Override
    public String written() {
      return to.toString();
    }
  }

  /** By HTTPS. */
  record Web(URI at) implements Rua {
    @Override
    public String written() {
      return at.toString();
    }
  }

  /** The place, in one spelling. */
  String written();

  /** Places that one domain may name; more are passed over. */
  int MOST = 5;

  Pattern RECORD =
      Pattern.compile("v=TLSRPTv1[ \\t]*;(?:[^;]*;)*?[ \\t]*rua[ \\t]*=([^;]*)(?:;.*)?");

  /**
   * @param texts those of {@code _smtp._tls.DOMAIN}
   * @return empty if it wants none, or has more than one record, which counts as none
   */
  static List<Rua> of(List<String> texts) {
    List<String> records =
        texts.stream().filter(text -> text.matches("(?s)v=TLSRPTv1[ \\t]*;.*")).toList();
    List<Rua> found = new ArrayList<>();
    Matcher record = RECORD.matcher(records.size() == 1 ? records.getFirst() : "");
    if (record.matches()) {
      for (String each : record.group(1).split(",")) {
        if (found.size() < MOST) {
          read(each.strip(), found);
        }
      }
    }
    return found;
  }

  private static void read(String uri, List<Rua> found) {
    try {
      if (uri.startsWith("mailto:")) {
        ReportMail.address(uri).map(Mail::new).ifPresent(found::add);
      } else if (uri.startsWith("https://") && URI.create(uri).getHost() != null) {
        found.add(new Web(URI.create(uri)));
      }
    } catch (IllegalArgumentException nobody) {
      // What it says is no place.
    }
  }
}
