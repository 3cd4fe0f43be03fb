package hikyaku.server.ops;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;

/** Numbers for people. */
public final class Figures {
  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB"};

  private Figures() {}

  /** With blanks between thousands. */
  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number).replace(',', ' ');
  }

  /**
   * In the unit that leaves one to three digits before the point; {@code unlimited} for no bound.
   */
  public static String octets(long octets) {
    if (octets == Long.MAX_VALUE) {
      return "unlimited";
    }
    if (octets < 1024) {
      return octets + " B";
    }
    double value = octets;
    int unit = -1;
    while (value >= 1023.95 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  /** In its two largest units. */
  public static String time(Duration time) {
    if (time.toDays() > 0) {
      return time.toDays() + "d " + time.toHoursPart() + "h";
    }
    if (time.toHours() > 0) {
      return time.toHours() + "h " + time.toMinutesPart() + "m";
    }
    if (time.toMinutes() > 0) {
      return time.toMinutes() + "m " + time.toSecondsPart() + "s";
    }
    return Math.max(0, time.toSeconds()) + "s";
  }

  /** Address and port, an IPv6 address in brackets; a star for all addresses of the machine. */
  public static String address(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    String text =
        host == null
            ? address.getHostString()
            : host.isAnyLocalAddress() ? "*" : host.getHostAddress();
    return (text.contains(":") ? "[" + text + "]" : text) + ":" + address.getPort();
  }
}
