package hikyaku.server.imap;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.MailboxException;
import hikyaku.mailbox.account.Annotating;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Right;
import hikyaku.mailbox.account.SpecialUse;
import hikyaku.protocol.imap.Command;
import hikyaku.protocol.imap.Command.Annotation;
import hikyaku.protocol.imap.Command.Depth;
import hikyaku.protocol.imap.Data;
import hikyaku.protocol.imap.Reply;
import hikyaku.protocol.imap.ResponseCode;
import hikyaku.server.imap.Places.Found;
import hikyaku.server.imap.Places.Place;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * GETMETADATA and SETMETADATA (RFC 5464). What a folder is used for is an annotation as well (RFC
 * 6154 §4). Annotations of the server are an account's own: what all share, no client may set, but
 * its operator (RFC 5464 §6.2).
 */
final class Metadata {
  private Metadata() {}

  static Reply get(Session session, Command.GetMetadata command) throws IOException {
    String mailbox = command.mailbox();
    NavigableMap<String, ByteString> all;
    if (mailbox.isEmpty()) {
      all =
          ofServer(session, session.looking.folders(session.state.loggedIn().mail()).annotations());
    } else {
      Found found = find(session, mailbox);
      all = of(session, found);
      mailbox = found.shown();
    }
    long most = command.maxSize() == null ? Long.MAX_VALUE : command.maxSize();
    long longest = 0;
    List<Annotation> told = new ArrayList<>();
    for (Annotation one : chosen(all, command.entries(), command.depth())) {
      String value = one.value();
      if (value != null && value.length() > most) {
        longest = Math.max(longest, value.length());
      } else {
        told.add(one);
      }
    }
    if (!told.isEmpty()) {
      session.out.data(new Data.Metadata(mailbox, told));
    }
    return Reply.ok(
        longest == 0 ? null : new ResponseCode.MetadataLongEntries(longest),
        "GETMETADATA completed");
  }

  private static NavigableMap<String, ByteString> ofServer(
      Session session, NavigableMap<String, ByteString> own) {
    NavigableMap<String, ByteString> all = new TreeMap<>(own);
    ImapSettings settings = session.server.settings;
    Map.of("/shared/admin", settings.contact(), "/shared/comment", settings.comment())
        .forEach((entry, value) -> {
          if (!value.isEmpty()) {
            all.put(entry, ByteString.copyFromUtf8(value));
          }
        });
    return all;
  }

  /** The response of a LIST that asks for annotations (RFC 9590 §3). */
  static Data listed(Session session, Found found, List<String> entries) {
    return new Data.Metadata(found.shown(), chosen(of(session, found), entries, Depth.NONE));
  }

  /** Whether a mailbox's annotations may be seen and set (RFC 5464 §3.3). */
  static boolean isPermitted(Found found) {
    return found.rights().has(Right.LOOKUP)
        && found.rights().hasAny(Right.READ, Right.SEEN, Right.WRITE, Right.INSERT, Right.POST);
  }

  /** A folder, as the command at hand is to see it. */
  private static Found find(Session session, String mailbox) {
    Place place = session.places.place(mailbox);
    if (place.isOwn()) {
      FolderTree tree = session.looking.folders(place.mail());
      return tree.folder(mailbox)
          .map(folder -> session.places.found(place, tree, folder))
          .orElseThrow(MailboxException.Nonexistent::new);
    }
    Found found = session.places.find(mailbox);
    if (!isPermitted(found)) {
      found.with(Right.LOOKUP);
      throw new MailboxException.NotPermitted();
    }
    return found;
  }

  /** Where entries that are private to another than a folder's owner are kept. */
  private static String privately(Session session) {
    return session.state.loggedIn().account().id() + "/private/";
  }

  /** All of a folder's annotations that may be seen. */
  static NavigableMap<String, ByteString> visible(Session session, Found found) {
    return isPermitted(found) ? of(session, found) : new TreeMap<>();
  }

  private static NavigableMap<String, ByteString> of(Session session, Found found) {
    Folder folder = found.folder();
    if (!found.place().isOwn()) {
      NavigableMap<String, ByteString> noted = found.tree().annotations(folder);
      NavigableMap<String, ByteString> all = new TreeMap<>();
      all.putAll(noted.subMap("/shared/", "/shared/" + Character.MAX_VALUE));
      String mine = privately(session);
      noted
          .subMap(mine, mine + Character.MAX_VALUE)
          .forEach((entry, value) -> all.put(entry.substring(entry.indexOf('/')), value));
      return all;
    }
    return found.tree().ownAnnotations(folder);
  }

  /**
   * Those that were asked for, once each; an entry that is named itself also if it has no value.
   */
  private static List<Annotation> chosen(
      NavigableMap<String, ByteString> all, List<String> entries, Depth depth) {
    Map<String, Annotation> chosen = new java.util.LinkedHashMap<>();
    for (String entry : entries) {
      ByteString value = all.get(entry);
      if (value != null || depth == Depth.NONE) {
        chosen.put(entry, annotation(entry, value));
      }
      if (depth != Depth.NONE) {
        String first = entry + "/";
        all.subMap(first, first + Character.MAX_VALUE)
            .forEach((name, below) -> {
              if (depth == Depth.ALL || name.indexOf('/', first.length()) < 0) {
                chosen.put(name, annotation(name, below));
              }
            });
      }
    }
    return List.copyOf(chosen.values());
  }

  private static Annotation annotation(String entry, @Nullable ByteString value) {
    return new Annotation(
        entry, value == null ? null : value.toString(StandardCharsets.ISO_8859_1));
  }

  static Reply set(Session session, Command.SetMetadata command) {
    boolean server = command.mailbox().isEmpty();
    Place place = session.places.place(command.mailbox());
    boolean others = !place.isOwn();
    if (others) {
      find(session, command.mailbox());
    }
    Map<String, Optional<ByteString>> values = new HashMap<>();
    Set<SpecialUse> uses = null;
    for (Annotation annotation : command.annotations()) {
      String entry = annotation.entry();
      if (server && entry.startsWith("/shared/")) {
        return Reply.no(
            ResponseCode.Plain.NOPERM, "What all share on this server is not for clients to set");
      }
      if (!server && entry.equals(SpecialUse.ENTRY)) {
        if (others) {
          throw new MailboxException.SpecialUseTaken();
        }
        uses = uses(annotation.value());
        continue;
      }
      String prefix = privately(session);
      values.put(
          others && entry.startsWith("/private/")
              ? prefix + entry.substring("/private/".length())
              : entry,
          Optional.ofNullable(annotation.value())
              .map(value -> ByteString.copyFrom(value, StandardCharsets.ISO_8859_1)));
    }
    Attempt attempt = session.looking.attempt();
    place.mail().annotate(place.name(), new Annotating(values, uses), attempt);
    if (!server) {
      place.mail().mailbox(place.name()).noted(attempt);
    }
    return Reply.ok("SETMETADATA completed");
  }

  private static Set<SpecialUse> uses(@Nullable String value) {
    Set<SpecialUse> uses = EnumSet.noneOf(SpecialUse.class);
    if (value != null) {
      for (String attribute : value.strip().split(" +")) {
        uses.add(SpecialUse.of(attribute).orElseThrow(MailboxException.SpecialUseTaken::new));
      }
    }
    return uses;
  }
}
