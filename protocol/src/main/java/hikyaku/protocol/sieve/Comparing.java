package hikyaku.protocol.sieve;

import hikyaku.protocol.address.MailAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares values with keys. */
final class Comparing {
  /** Addresses of one value that lists are asked for. */
  private static final int ASKED = 50;

  /** What it costs to ask a list, in comparisons. */
  private static final int ASKING = 1_000;

  private final Run run;
  private final Surroundings surroundings;

  Comparing(Run run, Surroundings surroundings) {
    this.run = run;
    this.surroundings = surroundings;
  }

  /**
   * Whether any value goes with any key; with {@code :count}, whether their number does.
   *
   * @param captures whether wildcards are noted for variables
   */
  boolean any(Match match, List<String> values, List<String> keys, boolean captures)
      throws RunException {
    if (match.type() == Match.Type.COUNT) {
      return values(match, List.of(Integer.toString(values.size())), keys);
    }
    if (match.type() == Match.Type.VALUE) {
      return values(match, values, keys);
    }
    if (match.type() == Match.Type.REGEX) {
      return expressions(match, values, keys, captures);
    }
    if (match.type() == Match.Type.LIST) {
      return listed(values, keys, captures);
    }
    for (String value : values) {
      for (String key : keys) {
        if (one(match, value, key, captures)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * RFC 6134 §2.2: of a text with addresses in it, it is these that lists have or have not. The
   * first that one has is ${0}.
   */
  private boolean listed(List<String> values, List<String> names, boolean captures)
      throws RunException {
    boolean found = false;
    for (String name : names) {
      ExternalList list = run.list(surroundings, name);
      for (String value : values) {
        run.pay(8 + value.length());
        List<MailAddress> addresses = Addresses.in(value);
        for (MailAddress address : addresses.subList(0, Math.min(ASKED, addresses.size()))) {
          run.pay(ASKING);
          if (!found && list.has(address)) {
            found = true;
            if (captures) {
              run.captured(List.of(address.toString()));
            }
          }
        }
      }
    }
    return found;
  }

  private boolean values(Match match, List<String> values, List<String> keys) throws RunException {
    for (String value : values) {
      for (String key : keys) {
        run.pay(8 + value.length() + key.length());
        if (match.relation().holds(match.collation().compare(value, key))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean expressions(Match match, List<String> values, List<String> keys, boolean captures)
      throws RunException {
    List<Ere> expressions = new ArrayList<>();
    for (String key : keys) {
      run.pay(8 + 4L * key.length());
      try {
        Ere expression = Ere.of(key, match.collation(), run.limits().regexSize());
        run.pay(4L * expression.size());
        expressions.add(expression);
      } catch (Ere.Malformed e) {
        throw run.problem("an expression is not in order: " + e.why());
      }
    }
    for (String value : values) {
      for (Ere expression : expressions) {
        run.pay(8 + (long) value.length() * (1 + expression.size() / 4));
        Optional<List<String>> groups = expression.find(value);
        if (groups.isPresent()) {
          if (captures) {
            run.captured(groups.get());
          }
          return true;
        }
      }
    }
    return false;
  }

  private boolean one(Match match, String value, String key, boolean captures) throws RunException {
    run.pay(8 + value.length() + key.length());
    Collation collation = match.collation();
    switch (match.type()) {
      case IS -> {
        return collation.compare(value, key) == 0;
      }
      case CONTAINS -> {
        return contains(collation.fold(value), collation.fold(key));
      }
      case MATCHES -> {
        Optional<List<String>> groups = Glob.of(key, collation).match(value, collation, run::pay);
        if (captures) {
          groups.ifPresent(run::captured);
        }
        return groups.isPresent();
      }
      default -> throw new IllegalStateException("not a match of strings: " + match.type());
    }
  }

  /** As {@link String#contains}, in time that is paid for. */
  private boolean contains(String value, String key) throws RunException {
    if (key.isEmpty()) {
      return true;
    }
    int last = value.length() - key.length();
    for (int at = 0; at <= last; at++) {
      int same = 0;
      while (same < key.length() && value.charAt(at + same) == key.charAt(same)) {
        same++;
      }
      if (same == key.length()) {
        return true;
      }
      if (same > 16) {
        run.pay(same);
      }
    }
    return false;
  }
}
