package hikyaku.app.transfer;

import hikyaku.app.Door;
import hikyaku.app.Door.Call;
import hikyaku.app.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The account that mail comes from or goes to. */
final class Account {
  private final Door door;
  private final String address;

  Account(Door door, String address) {
    this.door = door;
    this.address = address;
  }

  /** A message that is there. */
  record Stored(long uid, Instant date, long octets, List<String> flags) {}

  List<String> folders() throws Failure {
    List<String> names = new ArrayList<>();
    door.call(Call.of("GET", "accounts", address, "mailboxes"))
        .forEach(mailbox -> names.add(mailbox.get("name").asString()));
    return names;
  }

  long uidValidity(String folder) throws Failure {
    return door.call(Call.of("GET", "accounts", address, "mailboxes", folder).with("newest", "0"))
        .get("uidValidity")
        .longValue();
  }

  List<Stored> messages(String folder) throws Failure {
    List<Stored> all = new ArrayList<>();
    Call call = Call.of("GET", "accounts", address, "mailboxes", folder, "messages");
    JsonNode page = door.call(call);
    while (!page.isEmpty()) {
      for (JsonNode message : page) {
        List<String> flags = new ArrayList<>();
        message.get("flags").forEach(flag -> flags.add(flag.asString()));
        all.add(
            new Stored(
                message.get("uid").longValue(),
                OffsetDateTime.parse(message.get("date").asString()).toInstant(),
                message.get("octets").longValue(),
                flags));
      }
      page = door.call(call.with("after", Long.toString(all.getLast().uid)));
    }
    return all;
  }

  byte[] content(String folder, long uid) throws Failure {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      door.fetch(
          Call.of("GET", "accounts", address, "mailboxes", folder, "messages", Long.toString(uid)),
          out);
    } catch (IOException e) {
      throw new Failure("The message " + uid + " of " + folder + " did not arrive whole.", e);
    }
    return out.toByteArray();
  }

  /** Opens a folder to put messages into; it is made if it is not there. */
  Filling fill(String folder) throws Failure {
    door.call(Call.of("PUT", "accounts", address, "mailboxes", folder));
    return new Filling(folder, messages(folder));
  }

  /** A folder being filled, which takes no message that it has already. */
  final class Filling {
    private record Likeness(Instant date, long octets) {}

    private final String folder;
    private final Map<Likeness, List<Stored>> there = new HashMap<>();
    private final Map<Long, String> digests = new HashMap<>();

    private Filling(String folder, List<Stored> messages) {
      this.folder = folder;
      for (Stored message : messages) {
        there
            .computeIfAbsent(new Likeness(message.date, message.octets), _ -> new ArrayList<>())
            .add(message);
      }
    }

    /** Puts the message there; false if it is there already. */
    boolean put(Letter letter) throws Failure {
      if (takeIfThere(letter)) {
        return false;
      }
      door.call(
          Call.of("POST", "accounts", address, "mailboxes", folder, "messages")
              .with("date", letter.date().atOffset(ZoneOffset.UTC).toString())
              .with("flags", String.join(",", letter.flags()))
              .withOctets(letter.content()));
      return true;
    }

    /** Two equal messages in a source are two messages, so each one there answers for one. */
    private boolean takeIfThere(Letter letter) throws Failure {
      List<Stored> alike =
          there.getOrDefault(new Likeness(letter.date(), letter.content().length), List.of());
      String wanted = alike.isEmpty() ? "" : digest(letter.content());
      for (Stored stored : alike) {
        if (!digests.containsKey(stored.uid)) {
          digests.put(stored.uid, digest(content(folder, stored.uid)));
        }
        if (wanted.equals(digests.get(stored.uid))) {
          alike.remove(stored);
          return true;
        }
      }
      return false;
    }

    private static String digest(byte[] content) {
      try {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }
}
