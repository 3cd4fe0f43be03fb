package hikyaku.server.tlsrpt;

import hikyaku.protocol.address.MailAddress;
import hikyaku.server.reports.ReportMail;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

  /**
   * @param texts those of {@code _smtp._tls.DOMAIN}
   * @return empty if it wants none, or has more than one record, which counts as none
   */
  static List<Rua> of(List<String> texts) {
    List<String> records =
        texts.stream().filter(text -> text.matches("(?s)v=TLSRPTv1[ \\t]*;.*")).toList();
    List<Rua> found = new ArrayList<>();
    if (records.size() == 1) {
      for (String each : places(records.getFirst())) {
        if (found.size() < MOST) {
          read(each.strip(), found);
        }
      }
    }
    return found;
  }

  private static String[] places(String record) {
    return Arrays.stream(record.split(";"))
        .map(field -> field.split("=", 2))
        .filter(field -> field.length == 2 && field[0].strip().equals("rua"))
        .findFirst()
        .map(field -> field[1].split(","))
        .orElseGet(() -> new String[0]);
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
