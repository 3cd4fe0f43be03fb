package hikyaku.systemtests.peers;

import hikyaku.systemtests.peers.Value.Atom;
import hikyaku.systemtests.peers.Value.Many;
import hikyaku.systemtests.peers.Value.Rest;
import hikyaku.systemtests.peers.Value.Text;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * What counts in the answer to an IMAP command: its status and response code, and what untagged
 * responses tell, without their order, their division, and texts for humans.
 */
final class ImapFacts {
  static final String RESULT = "result";

  /** When messages of the transcripts come. */
  static final Instant NOW_IN_TRANSCRIPTS = Instant.parse("2026-11-22T10:00:00Z");

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("d-MMM-yyyy HH:mm:ss Z", Locale.ROOT);

  private static final Set<String> UIDVALIDITY_FIRST = Set.of("APPENDUID", "COPYUID");
  private static final Set<String> CHOSEN =
      Set.of(
          "UIDVALIDITY", "HIGHESTMODSEQ", "MODSEQ", "MAILBOXID", "EMAILID", "THREADID", "CLOSED");

  private final Facts facts = new Facts();
  private final List<Integer> expunged = new ArrayList<>();
  private final List<String> vanished = new ArrayList<>();
  private boolean dialogue;

  private ImapFacts() {}

  /**
   * @param responses whole ones, one char an octet
   * @param tag of the command
   */
  static Facts of(List<String> responses, String tag) {
    ImapFacts of = new ImapFacts();
    for (String response : responses) {
      of.add(response, tag);
    }
    if (!of.expunged.isEmpty()) {
      of.facts.put("EXPUNGE", ranges(of.expunged.stream().map(String::valueOf).toList()));
    }
    return of.facts;
  }

  private void add(String response, String tag) {
    if (response.startsWith("+")) {
      if (!dialogue) {
        facts.put("continuation", "+");
      }
      dialogue = true;
      return;
    }
    List<Value> values = Value.all(response);
    String first = values.isEmpty() ? "" : values.getFirst().canonical();
    List<Value> rest = values.isEmpty() ? values : values.subList(1, values.size());
    if (first.equals(tag) && !tag.equals("*")) {
      state(RESULT, rest);
    } else if (first.equals("*") && !rest.isEmpty()) {
      untagged(rest);
    } else {
      facts.put("what is no response", response);
    }
  }

  /** OK, NO, BAD, BYE or PREAUTH, and the response code behind it. */
  private void state(String name, List<Value> values) {
    String word = upper(values.getFirst());
    if (values.size() < 2
        || !(values.get(1) instanceof Atom(String code))
        || !code.startsWith("[")) {
      facts.put(name, values.size() > 1 && values.get(1) instanceof Rest ? word + "..." : word);
      return;
    }
    List<Value> inside = Value.all(code.replaceAll("^\\[|]$", ""));
    List<String> chosen = new ArrayList<>();
    String kind = upper(inside.getFirst());
    if (!code.endsWith("]")) {
      facts.put(name, word + " [" + kind + "...");
      return;
    }
    String arguments = kind.equals("CAPABILITY") ? "" : arguments(kind, inside, chosen);
    facts.put(name, word + " [" + kind + arguments + "]", chosen);
  }

  private static String arguments(String kind, List<Value> code, List<String> chosen) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i < code.size(); i++) {
      Value value = code.get(i);
      boolean free = CHOSEN.contains(kind) || i == 1 && UIDVALIDITY_FIRST.contains(kind);
      if (free) {
        chosen.add(strip(value));
      }
      text.append(' ').append(free ? "(its own)" : sortedFlags(kind, value));
    }
    return text.toString();
  }

  private static String sortedFlags(String kind, Value value) {
    return kind.equals("PERMANENTFLAGS") ? sorted(value) : value.canonical();
  }

  private static String strip(Value value) {
    return value.canonical().replaceAll("[()]", "");
  }

  private static String sorted(Value value) {
    return value instanceof Many(List<Value> values)
        ? values.stream().map(Value::canonical).sorted().collect(Collectors.joining(" ", "(", ")"))
        : value.canonical();
  }

  private static String upper(Value value) {
    return value.canonical().toUpperCase(Locale.ROOT);
  }

  private void untagged(List<Value> values) {
    String word = upper(values.getFirst());
    if (word.matches("[0-9]+") && values.size() > 1) {
      numbered(Integer.parseInt(word), values);
      return;
    }
    switch (word) {
      case "OK", "NO", "BAD" -> {
        if (values.size() > 1
            && values.get(1) instanceof Atom(String code)
            && code.startsWith("[")) {
          String kind = code.replaceAll("[\\[\\]]", "").split("[ \0]")[0];
          state(word + " [" + kind.toUpperCase(Locale.ROOT) + "]", values);
        } else if (!word.equals("OK")) {
          facts.put(word, "");
        }
      }
      case "BYE", "PREAUTH" -> state(word, values);
      case "FLAGS" -> facts.put(word, sorted(values.get(1)));
      case "LIST", "LSUB" -> {
        if (values.size() < 4) {
          facts.leaveOpen(word);
          return;
        }
        String more =
            values.subList(4, values.size()).stream()
                .map(Value::canonical)
                .collect(Collectors.joining(" "));
        facts.put(
            word + " " + mailbox(values.get(3)),
            (sorted(values.get(1)) + " " + values.get(2).canonical() + " " + more).strip());
      }
      case "STATUS", "METADATA" -> pairs(word + " " + mailbox(values.get(1)), values.get(2));
      case "SEARCH", "SORT" -> numbers(word, values.subList(1, values.size()));
      case "ESEARCH" -> esearch(values);
      case "VANISHED" -> {
        boolean earlier = values.size() > 2;
        vanished.addAll(expand(values.getLast().canonical()));
        facts.put(earlier ? "VANISHED EARLIER" : "VANISHED", ranges(vanished));
      }
      case "CAPABILITY" ->
          values
              .subList(1, values.size())
              .forEach(each -> facts.put("capability " + capability(upper(each)), ""));
      case "ID" -> facts.put(word, "");
      case "QUOTA" -> facts.put(word + " " + values.get(1).canonical(), values.get(2).canonical());
      case "ACL" -> {
        for (int i = 2; i + 1 < values.size(); i += 2) {
          facts.put(
              word + " " + mailbox(values.get(1)) + " of " + values.get(i).canonical(),
              letters(values.get(i + 1)));
        }
      }
      case "MYRIGHTS" -> facts.put(word + " " + mailbox(values.get(1)), letters(values.get(2)));
      case "LISTRIGHTS" ->
          facts.put(
              word + " " + mailbox(values.get(1)),
              values.subList(2, values.size()).stream()
                  .map(Value::canonical)
                  .sorted()
                  .collect(Collectors.joining(" ")));
      case "QUOTAROOT" -> facts.put(word + " " + mailbox(values.get(1)), rest(values, 2));
      default -> facts.put(word, rest(values, 1));
    }
  }

  private static String capability(String name) {
    String rights = "RIGHTS=";
    return name.startsWith(rights)
        ? rights + letters(new Atom(name.substring(rights.length())))
        : name;
  }

  /** Rights, in no order. */
  private static String letters(Value rights) {
    return rights
        .canonical()
        .chars()
        .sorted()
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static String rest(List<Value> values, int from) {
    return values.subList(from, values.size()).stream()
        .map(Value::canonical)
        .collect(Collectors.joining(" "));
  }

  private static String mailbox(Value value) {
    String name = value.canonical();
    String plain = name.equalsIgnoreCase("INBOX") ? "INBOX" : name;
    return new String(plain.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private void numbers(String word, List<Value> values) {
    List<String> found = new ArrayList<>();
    for (Value value : values) {
      if (value instanceof Many(List<Value> inside)) {
        facts.put(word + " MODSEQ", "(its own)", List.of(strip(inside.getLast())));
      } else {
        found.add(value.canonical());
      }
    }
    // The order of SEARCH is nobody's business, that of SORT is its point.
    facts.put(word, word.equals("SEARCH") ? ranges(found) : String.join(" ", found));
  }

  private void esearch(List<Value> values) {
    String name = "ESEARCH";
    int from = 1;
    if (values.size() > 1 && values.get(1) instanceof Many(List<Value> correlator)) {
      from = 2;
      for (int i = 0; i + 1 < correlator.size(); i += 2) {
        if (correlator.get(i).canonical().equals("MAILBOX")) {
          name += " " + mailbox(correlator.get(i + 1));
        }
      }
      if (correlator.getLast() instanceof Rest) {
        facts.leaveOpen(name);
      }
    }
    facts.put(name, "");
    for (int i = from; i < values.size(); i++) {
      String item = upper(values.get(i));
      if (item.equals("UID")) {
        facts.put(name + " UID", "");
      } else if (i + 1 < values.size()) {
        String value = values.get(++i).canonical();
        if (item.equals("MODSEQ")) {
          facts.put(name + " MODSEQ", "(its own)", List.of(value));
        } else {
          facts.put(name + " " + item, value);
        }
      }
    }
  }

  private void numbered(int number, List<Value> values) {
    String word = upper(values.get(1));
    switch (word) {
      case "EXPUNGE" -> {
        int original = number;
        for (int gone : expunged.stream().sorted().toList()) {
          if (gone <= original) {
            original++;
          }
        }
        expunged.add(original);
      }
      case "FETCH", "UIDFETCH" -> pairs(word + " " + number, values.get(2));
      default -> facts.put(word, String.valueOf(number));
    }
  }

  /** Items and their values between parentheses. */
  private void pairs(String name, Value value) {
    if (!(value instanceof Many(List<Value> items))) {
      facts.put(name, value.canonical());
      return;
    }
    if (items.isEmpty()) {
      facts.put(name, "()");
    }
    for (int i = 0; i + 1 < items.size(); i += 2) {
      String item = upper(items.get(i));
      Value of = items.get(i + 1);
      if (of instanceof Rest) {
        facts.leaveOpen(name + " " + item);
      } else if (CHOSEN.contains(item)) {
        facts.put(name + " " + item, "(its own)", List.of(strip(of)));
      } else {
        facts.put(name + " " + item, item(item, of));
      }
      if (of instanceof Rest || i + 2 < items.size() && items.get(i + 2) instanceof Rest) {
        facts.leaveOpen(name);
        return;
      }
    }
  }

  private static String item(String name, Value value) {
    return switch (name) {
      case "FLAGS" -> sorted(value);
      case "INTERNALDATE", "SAVEDATE" ->
          value instanceof Text(String date, var _) ? date(date) : "NIL";
      case "BODY", "BODYSTRUCTURE" -> structure(value).canonical();
      default -> value.canonical();
    };
  }

  /** Names of media, of encodings and of parameters are in no case (RFC 9051 section 7.5.2). */
  private static Value structure(Value value) {
    return switch (value) {
      case Text(String text, var _) -> new Text(text.toLowerCase(Locale.ROOT));
      case Many(List<Value> values) -> new Many(values.stream().map(ImapFacts::structure).toList());
      default -> value;
    };
  }

  /** A date that is the moment of the test is called so, whatever that moment is. */
  private static String date(String text) {
    try {
      Instant date = OffsetDateTime.parse(text.strip(), DATE).toInstant();
      boolean now =
          date.equals(NOW_IN_TRANSCRIPTS)
              || Duration.between(date, Instant.now()).abs().compareTo(Duration.ofHours(1)) < 0;
      return now ? "now" : text.strip();
    } catch (DateTimeParseException e) {
      return text;
    }
  }

  /** The numbers of a set, in which no range is large. */
  static List<String> expand(String set) {
    List<String> numbers = new ArrayList<>();
    for (String range : set.split(",")) {
      String[] ends = range.split(":");
      if (!range.matches("[0-9]+(:[0-9]+)?")) {
        numbers.add(range);
        continue;
      }
      int first = Integer.parseInt(ends[0]);
      int last = Integer.parseInt(ends[ends.length - 1]);
      for (int i = Math.min(first, last); i <= Math.max(first, last); i++) {
        numbers.add(String.valueOf(i));
      }
    }
    return numbers;
  }

  private static String ranges(List<String> numbers) {
    UnaryOperator<String> padded = number -> "0".repeat(Math.max(0, 12 - number.length())) + number;
    TreeSet<String> sorted = new TreeSet<>();
    numbers.forEach(number -> sorted.add(padded.apply(number)));
    return sorted.stream()
        .map(number -> number.replaceFirst("^0+(?=.)", ""))
        .collect(Collectors.joining(" "));
  }
}
