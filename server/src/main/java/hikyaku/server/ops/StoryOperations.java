package hikyaku.server.ops;

import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What this process has logged of a session, or of messages. */
public final class StoryOperations implements AdminApi.Group {
  private static final Pattern SESSION = Pattern.compile("[0-9a-z]{1,32}");

  /** What a client was told behind {@code Queued as}. */
  private static final Pattern TRANSACTION = Pattern.compile("[0-9a-z]{1,32}\\.[0-9]{1,10}");

  /** The longest that a Message-ID or an address is logged with, and more. */
  private static final int LONGEST = 1000;

  /** Keys of lines by which a message is found. */
  private static final List<String> MAIL_KEYS =
      List.of(
          "message_id",
          "from",
          "as",
          "to",
          "returned",
          "recipient",
          "account",
          "list",
          "transaction",
          "sent",
          "blob");

  private final JournalSearch journal;

  public StoryOperations(JournalSearch journal) {
    this.journal = journal;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "story/*", this::story);
    table.add("GET", "mail/*", this::mail);
  }

  private AdminResponse story(AdminRequest request) throws AdminException {
    String id = request.part(1);
    if (!SESSION.matcher(id).matches()) {
      throw AdminException.badRequest("a session's id has digits and small letters only");
    }
    return find("\"session\":\"" + id + "\"", line -> id.equals(text(keys(line), "session")), 0);
  }

  private AdminResponse mail(AdminRequest request) throws AdminException {
    String wanted = bare(request.part(1));
    if (wanted.isEmpty() || wanted.length() > LONGEST) {
      throw AdminException.badRequest("say a Message-ID or an address");
    }
    String quoted = Json.MAPPER.writeValueAsString(wanted);
    return find(
        quoted.substring(1, quoted.length() - 1), line -> isOf(line, wanted), since(request));
  }

  private static long since(AdminRequest request) throws AdminException {
    String since = request.parameter("since").orElse("");
    try {
      return since.isEmpty() ? 0 : Instant.parse(since).toEpochMilli() * 1000;
    } catch (DateTimeParseException | ArithmeticException e) {
      throw AdminException.badRequest("\"" + since + "\" is no time");
    }
  }

  /** Whether the line tells what became of a message, and of this one. */
  private static boolean isOf(JsonNode line, String wanted) {
    JsonNode keys = keys(line);
    if (!keys.has("mail")) {
      return false;
    }
    for (String key : MAIL_KEYS) {
      JsonNode value = keys.get(key);
      if (value == null) {
        continue;
      }
      if (value.isArray() ? any(value, wanted) : bare(value.asString()).equalsIgnoreCase(wanted)) {
        return true;
      }
    }
    // What aliases, lists and scripts send on has an id that begins with that of the message.
    if (TRANSACTION.matcher(wanted).matches()
        && text(keys, "transaction").startsWith(wanted + ".")) {
      return true;
    }
    // Whom an alias or a script leads to is no recipient: its mailbox is told alone.
    return keys.has("transaction") && isInto(keys.get("into"), wanted);
  }

  /** Whether a mailbox, as an address and what is there, is that of an address. */
  private static boolean isInto(@Nullable JsonNode into, String wanted) {
    if (into == null || !into.isArray()) {
      return false;
    }
    String owner = wanted + " ";
    for (JsonNode each : into) {
      if (each.asString().regionMatches(true, 0, owner, 0, owner.length())) {
        return true;
      }
    }
    return false;
  }

  private static boolean any(JsonNode list, String wanted) {
    for (JsonNode each : list) {
      if (bare(each.asString()).equalsIgnoreCase(wanted)) {
        return true;
      }
    }
    return false;
  }

  /** Without what may stand around a Message-ID or an address. */
  private static String bare(String text) {
    String stripped = text.strip();
    return stripped.startsWith("<") && stripped.endsWith(">") && stripped.length() > 1
        ? stripped.substring(1, stripped.length() - 1)
        : stripped;
  }

  private static JsonNode keys(JsonNode line) {
    JsonNode keys = line.get("k");
    return keys == null ? Json.MAPPER.createObjectNode() : keys;
  }

  private static String text(JsonNode keys, String name) {
    JsonNode value = keys.get(name);
    return value == null ? "" : value.asString();
  }

  private AdminResponse find(String text, Predicate<JsonNode> fits, long since)
      throws AdminException {
    try {
      return AdminResponse.ok(journal.find(text, fits, since));
    } catch (IOException e) {
      throw new AdminException(
          500,
          "the log cannot be read: " + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException(503, "the process is stopping");
    }
  }
}
