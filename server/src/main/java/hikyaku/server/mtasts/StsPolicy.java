package hikyaku.server.mtasts;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A policy (RFC 8461 §3.2).
 *
 * @param mx names of servers, and patterns that begin with {@code *.}, in lower case
 * @param maxAge how long it holds from the moment when it was fetched
 */
public record StsPolicy(Mode mode, List<String> mx, Duration maxAge) {
  public StsPolicy {
    mx = List.copyOf(mx);
  }

  /** What follows from it (RFC 8461 §5). */
  public enum Mode {
    /** The domain has no policy any more. */
    NONE,
    /** Mail goes wherever it would; what does not fit is reported. */
    TESTING,
    /** Mail goes to servers that fit, or it waits. */
    ENFORCE;

    /** As a policy has it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Whether a server may take mail for the domain (RFC 8461 §4.1). */
  public boolean names(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    int dot = lower.indexOf('.');
    // A wildcard stands for one label.
    String pattern = dot > 0 ? "*" + lower.substring(dot) : lower;
    return mx.contains(lower) || mx.contains(pattern);
  }

  /** Its lines, for reports and for people (RFC 8460 §4.4). */
  public List<String> lines() {
    List<String> lines = new ArrayList<>(List.of("version: STSv1", "mode: " + mode.word()));
    mx.forEach(each -> lines.add("mx: " + each));
    lines.add("max_age: " + maxAge.toSeconds());
    return lines;
  }
}
