package hikyaku.systemtests.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A message as it lies in a mailbox: the fields of its header, their order, and what is behind
 * them. Octets are chars of ISO 8859-1.
 */
final class DeliveredText {
  private static final Pattern FIELD = Pattern.compile("([!-9;-~]+)[ \t]*:(.*)", Pattern.DOTALL);

  /** So many of the same octet are told by their number. */
  private static final Pattern RUN = Pattern.compile("(.)\\1{29,}", Pattern.DOTALL);

  private DeliveredText() {}

  static Facts facts(String message) {
    List<String> fields = new ArrayList<>();
    int body = 0;
    while (body < message.length()) {
      int end = message.indexOf("\r\n", body);
      int next = end < 0 ? message.length() : end + 2;
      String line = message.substring(body, end < 0 ? message.length() : end);
      boolean continues = !fields.isEmpty() && (line.startsWith(" ") || line.startsWith("\t"));
      if (continues) {
        fields.add(fields.removeLast() + "\r\n" + line);
      } else if (FIELD.matcher(line).matches()) {
        fields.add(line);
      } else {
        break;
      }
      body = next;
    }
    Facts facts = new Facts();
    List<String> names = new ArrayList<>();
    Map<String, Integer> counts = new HashMap<>();
    for (String field : fields) {
      Matcher parts = FIELD.matcher(field);
      if (parts.matches()) {
        String name = parts.group(1);
        int count = counts.merge(name, 1, Integer::sum);
        names.add(name);
        facts.put("field " + name + (count > 1 ? " " + count : ""), shown(parts.group(2)));
      }
    }
    facts.put("order of fields", String.join(" ", names));
    facts.put("behind the fields", shown(message.substring(body)));
    return facts;
  }

  /** Octets on one line: {@code \n} is CRLF, as nearly all line ends are. */
  static String shown(String octets) {
    StringBuilder shown = new StringBuilder();
    String counted =
        RUN.matcher(octets)
            .replaceAll(
                run -> Matcher.quoteReplacement(run.group(1) + "{" + run.group().length() + "}"));
    for (int i = 0; i < counted.length(); i++) {
      char c = counted.charAt(i);
      if (c == '\r' && i + 1 < counted.length() && counted.charAt(i + 1) == '\n') {
        shown.append("\\n");
        i++;
      } else if (c == '\t') {
        shown.append("\\t");
      } else if (c < ' ' || c > '~') {
        shown.append(String.format("\\x%02x", (int) c));
      } else {
        shown.append(c);
      }
    }
    return shown.toString();
  }
}
