package hikyaku.protocol.imap;

import hikyaku.protocol.wire.OctetSink;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * Responses to octets (RFC 9051 §7). Each method writes whole responses; nothing is kept between
 * calls. Not thread-safe.
 */
public final class ResponseWriter {
  /** Text is handed on in pieces of about this size, so that a long answer is never whole. */
  private static final int PIECE = 8 * 1024;

  /** Where responses go: octets that a protocol trace must not show, and others. */
  public interface Target extends OctetSink {
    /** Takes text that a protocol trace may show. */
    void text(byte[] octets, int offset, int length) throws IOException;

    /** Takes text out of messages or secrets, one octet per char, which a trace must not show. */
    void hidden(String text) throws IOException;
  }

  private final Target target;
  private final WireText text = new WireText();
  private boolean utf8;

  public ResponseWriter(Target target) {
    this.target = target;
  }

  /**
   * Says whether the client takes UTF-8: in quoted strings and mailbox names, from now on
   * (IMAP4rev2 or UTF8=ACCEPT enabled).
   */
  public void useUtf8(boolean now) {
    utf8 = now;
  }

  /** A command's completion. */
  public void tagged(String tag, Reply reply) throws IOException {
    text.raw(tag);
    status(reply);
    text.shrink();
  }

  /** A status that belongs to no command, or comes before its completion. */
  public void untagged(Reply reply) throws IOException {
    text.raw('*');
    status(reply);
  }

  private void status(Reply reply) throws IOException {
    text.raw(' ').raw(reply.condition().name()).raw(' ');
    if (reply.code() != null) {
      text.raw('[');
      code(reply.code());
      text.raw("] ");
    }
    text.human(reply.text());
    endLine();
  }

  /** Leave to go on: {@code + text}. */
  public void proceed(String sentence) throws IOException {
    text.raw("+ ").human(sentence);
    endLine();
  }

  /** A challenge of AUTHENTICATE, in base64; may be empty. */
  public void challenge(String base64) throws IOException {
    text.raw("+ ").showTo(target);
    target.hidden(base64);
    text.raw("\r\n").showTo(target);
  }

  private void endLine() throws IOException {
    text.raw("\r\n").showTo(target);
  }

  private void code(ResponseCode code) {
    switch (code) {
      case ResponseCode.Plain plain -> text.raw(plain.wire());
      case ResponseCode.AppendUid(long validity, NumberSet uids) ->
          text.raw("APPENDUID ").number(validity).raw(' ').raw(uids.toString());
      case ResponseCode.CopyUid(long validity, NumberSet source, NumberSet destination) ->
          text.raw("COPYUID ")
              .number(validity)
              .raw(' ')
              .raw(source.toString())
              .raw(' ')
              .raw(destination.toString());
      case ResponseCode.BadUrl(String url) -> text.raw("BADURL \"").raw(ImapUrl.told(url)).raw('"');
      case ResponseCode.Capability(var capabilities) ->
          text.raw("CAPABILITY ").raw(String.join(" ", capabilities));
      case ResponseCode.NoUpdate(String tag) ->
          text.raw("NOUPDATE \"").raw(tag.replace("\\", "\\\\")).raw('"');
      case ResponseCode.BadEvent() ->
          text.raw("BADEVENT ")
              .list(Arrays.stream(NotifyEvent.values()).map(NotifyEvent::wire).toList());
      case ResponseCode.HighestModSeq(long modSeq) -> text.raw("HIGHESTMODSEQ ").number(modSeq);
      case ResponseCode.MessageLimit(long messages, Long lowestUid) -> {
        text.raw("MESSAGELIMIT ").number(messages);
        if (lowestUid != null) {
          text.raw(' ').number(lowestUid);
        }
      }
      case ResponseCode.MetadataLongEntries(long octets) ->
          text.raw("METADATA LONGENTRIES ").number(octets);
      case ResponseCode.MetadataMaxSize(long octets) ->
          text.raw("METADATA MAXSIZE ").number(octets);
      case ResponseCode.MetadataTooMany() -> text.raw("METADATA TOOMANY");
      case ResponseCode.MailboxId(String id) -> text.raw("MAILBOXID (").raw(id).raw(')');
      case ResponseCode.Modified(NumberSet numbers) ->
          text.raw("MODIFIED ").raw(numbers.toString());
      case ResponseCode.PermanentFlags(var flags, boolean newKeywords) -> {
        text.raw("PERMANENTFLAGS (").raw(String.join(" ", flags));
        if (newKeywords) {
          text.raw(flags.isEmpty() ? "\\*" : " \\*");
        }
        text.raw(')');
      }
      case ResponseCode.UidNext(long uid) -> text.raw("UIDNEXT ").number(uid);
      case ResponseCode.UidValidity(long validity) -> text.raw("UIDVALIDITY ").number(validity);
      case ResponseCode.Unseen(long number) -> text.raw("UNSEEN ").number(number);
    }
  }

  /** An untagged response. */
  public void data(Data data) throws IOException {
    text.raw("* ");
    switch (data) {
      case Data.Capability(var capabilities) ->
          text.raw("CAPABILITY ").raw(String.join(" ", capabilities));
      case Data.Enabled(var capabilities) -> {
        text.raw("ENABLED");
        capabilities.forEach(capability -> text.raw(' ').raw(capability));
      }
      case Data.Exists(long messages) -> text.number(messages).raw(" EXISTS");
      case Data.Recent(long messages) -> text.number(messages).raw(" RECENT");
      case Data.Expunge(long number) -> text.number(number).raw(" EXPUNGE");
      case Data.Vanished(boolean earlier, NumberSet uids) ->
          text.raw(earlier ? "VANISHED (EARLIER) " : "VANISHED ").raw(uids.toString());
      case Data.Flags(var flags) -> text.raw("FLAGS ").list(flags);
      case Data.Listed listed -> listed(listed);
      case Data.Delimiter(char delimiter) ->
          text.raw("LIST (\\Noselect) ").delimiter(delimiter).raw(" \"\"");
      case Data.Status status -> status(status);
      case Data.Quota quota -> quota(quota);
      case Data.QuotaRoot(String mailbox, var roots) -> {
        text.raw("QUOTAROOT ").mailbox(mailbox, utf8);
        roots.forEach(root -> text.raw(' ').astring(root, utf8));
      }
      case Data.Found found -> found(found);
      case Data.FoundExtended found -> foundExtended(found);
      case Data.Sorted sorted -> sorted(sorted);
      case Data.Threads(var threads) -> threads(threads);
      case Data.Metadata metadata -> metadata(metadata);
      case Data.FoundUpdate update -> {
        text.raw("ESEARCH (TAG \"").raw(update.tag().replace("\\", "\\\\")).raw("\")");
        text.raw(update.uid() ? " UID" : "");
        places("REMOVEFROM", update.removed());
        places("ADDTO", update.added());
      }
      case Data.MetadataChanged(var mailbox, var entries) -> {
        text.raw("METADATA ").mailbox(mailbox, utf8);
        entries.forEach(entry -> text.raw(' ').astring(entry, utf8));
      }
      case Data.Language(var tags) -> text.raw("LANGUAGE ").list(tags);
      case Data.Acl(var mailbox, var rights) -> {
        text.raw("ACL ").mailbox(mailbox, utf8);
        rights.forEach((who, letters) ->
            text.raw(' ').astring(Text.octets(who), utf8).raw(' ').astring(letters, utf8));
      }
      case Data.ListedRights(var mailbox, var who, var always, var others) -> {
        text.raw("LISTRIGHTS ").mailbox(mailbox, utf8).raw(' ');
        text.astring(Text.octets(who), utf8).raw(' ').astring(always, utf8);
        others.forEach(one -> text.raw(' ').raw(one));
      }
      case Data.MyRights(var mailbox, var rights) ->
          text.raw("MYRIGHTS ").mailbox(mailbox, utf8).raw(' ').astring(rights, utf8);
      case Data.Namespace(char delimiter, String others) ->
          text.raw("NAMESPACE ((\"\" ")
              .delimiter(delimiter)
              .raw(")) ((")
              .string(MailboxNames.encode(others, utf8), utf8)
              .raw(' ')
              .delimiter(delimiter)
              .raw(")) NIL");
      case Data.Id(var fields) -> id(fields);
    }
    endLine();
  }

  private void listed(Data.Listed listed) {
    text.raw(listed.lsub() ? "LSUB " : "LIST ").list(listed.attributes()).raw(' ');
    text.delimiter(listed.delimiter()).raw(' ').mailbox(listed.name(), utf8);
    if (!listed.childInfo().isEmpty() || listed.oldName() != null) {
      text.raw(" (");
      if (!listed.childInfo().isEmpty()) {
        text.raw("\"CHILDINFO\" (\"").raw(String.join("\" \"", listed.childInfo())).raw("\")");
      }
      if (listed.oldName() != null) {
        text.raw(listed.childInfo().isEmpty() ? "" : " ");
        text.raw("\"OLDNAME\" (").mailbox(listed.oldName(), utf8).raw(')');
      }
      text.raw(')');
    }
  }

  private void status(Data.Status status) {
    text.raw("STATUS ").mailbox(status.mailbox(), utf8).raw(" (");
    String separator = "";
    for (var value : status.values().entrySet()) {
      text.raw(separator).raw(value.getKey().wire()).raw(' ').number(value.getValue());
      separator = " ";
    }
    if (status.mailboxId() != null) {
      text.raw(separator).raw("MAILBOXID (").raw(status.mailboxId()).raw(')');
    }
    text.raw(')');
  }

  private void quota(Data.Quota quota) {
    text.raw("QUOTA ").astring(quota.root(), utf8).raw(' ');
    String separator = "(";
    for (Data.Resource resource : quota.resources()) {
      text.raw(separator).raw(resource.name()).raw(' ').number(resource.usage());
      text.raw(' ').number(resource.limit());
      separator = " ";
    }
    text.raw(')');
  }

  private void metadata(Data.Metadata metadata) throws IOException {
    text.raw("METADATA ").mailbox(metadata.mailbox(), utf8).raw(" (");
    String separator = "";
    for (Command.Annotation annotation : metadata.annotations()) {
      text.raw(separator).astring(annotation.entry(), utf8).raw(' ');
      text.value(annotation.value(), utf8);
      pass();
      separator = " ";
    }
    text.raw(')');
  }

  private void found(Data.Found found) throws IOException {
    text.raw("SEARCH");
    NumberSet numbers = found.numbers();
    for (int range = 0; range < numbers.ranges(); range++) {
      for (long number = numbers.low(range); number <= numbers.high(range); number++) {
        text.raw(' ').number(number);
        if (text.length() >= PIECE) {
          text.showTo(target);
        }
      }
    }
    if (found.modSeq() != null) {
      text.raw(" (MODSEQ ").number(found.modSeq()).raw(')');
    }
  }

  private void sorted(Data.Sorted sorted) throws IOException {
    text.raw("SORT");
    for (long number : sorted.numbers()) {
      text.raw(' ').number(number);
      pass();
    }
    if (sorted.modSeq() != null) {
      text.raw(" (MODSEQ ").number(sorted.modSeq()).raw(')');
    }
  }

  private void pass() throws IOException {
    if (text.length() >= PIECE) {
      text.showTo(target);
    }
  }

  /** Threads may be as deep as a mailbox is large: what is still to be said is kept in a stack. */
  private void threads(List<? extends MessageThread> threads) throws IOException {
    text.raw("THREAD");
    if (!threads.isEmpty()) {
      text.raw(' ');
    }
    Deque<Iterator<? extends MessageThread>> open = new ArrayDeque<>();
    open.push(threads.iterator());
    while (true) {
      Iterator<? extends MessageThread> here = open.element();
      if (here.hasNext()) {
        text.raw('(');
        open.push(members(here.next()).iterator());
        pass();
      } else {
        open.pop();
        if (open.isEmpty()) {
          return;
        }
        text.raw(')');
      }
    }
  }

  /**
   * A message and, as long as there is one answer, that: what comes behind branches, or is none.
   */
  private List<? extends MessageThread> members(MessageThread first) throws IOException {
    MessageThread at = first;
    String separator = "";
    while (true) {
      if (at.number() > 0) {
        text.raw(separator).number(at.number());
        separator = " ";
        pass();
      }
      List<? extends MessageThread> children = at.children();
      if (children.size() != 1) {
        text.raw(children.isEmpty() ? "" : separator);
        return children;
      }
      at = children.getFirst();
    }
  }

  private void foundExtended(Data.FoundExtended found) throws IOException {
    text.raw("ESEARCH (TAG \"").raw(found.tag().replace("\\", "\\\\")).raw('"');
    if (found.where() != null) {
      text.raw(" MAILBOX ").mailbox(found.where().mailbox(), utf8);
      text.raw(" UIDVALIDITY ").number(found.where().uidValidity());
    }
    text.raw(')');
    if (found.uid()) {
      text.raw(" UID");
    }
    if (found.min() != null) {
      text.raw(" MIN ").number(found.min());
    }
    if (found.max() != null) {
      text.raw(" MAX ").number(found.max());
    }
    if (found.all() != null) {
      text.raw(" ALL ").raw(found.all().toString());
    }
    if (found.partial() != null) {
      Data.Page page = found.partial();
      text.raw(" PARTIAL (").raw(page.range().toString()).raw(' ');
      text.raw(page.numbers() == null ? "NIL" : page.numbers().toString()).raw(')');
    }
    if (found.count() != null) {
      text.raw(" COUNT ").number(found.count());
    }
    if (found.modSeq() != null) {
      text.raw(" MODSEQ ").number(found.modSeq());
    }
    if (found.relevancy() != null) {
      String separator = " RELEVANCY (";
      for (int score : found.relevancy()) {
        text.raw(separator).number(score);
        separator = " ";
        pass();
      }
      text.raw(')');
    }
  }

  private void places(String name, List<Data.Run> runs) {
    String separator = " " + name + " (";
    for (Data.Run run : runs) {
      text.raw(separator).number(run.position()).raw(' ').raw(run.numbers().toString());
      separator = " ";
    }
    if (!runs.isEmpty()) {
      text.raw(')');
    }
  }

  private void id(List<Command.Id.Field> fields) {
    text.raw("ID ");
    if (fields.isEmpty()) {
      text.raw("NIL");
      return;
    }
    String separator = "(";
    for (Command.Id.Field field : fields) {
      text.raw(separator).string(field.name(), false).raw(' ').nstring(field.value(), false);
      separator = " ";
    }
    text.raw(')');
  }

  /**
   * A sign of life inside a command (RFC 9585 §4), as a line of its own: it may stand between any
   * two lines of the answer.
   *
   * @param tag empty if there is no command
   */
  public static String inProgress(String tag) {
    // A bracket in the code would end it for simple clients.
    String about = tag.isEmpty() || tag.indexOf(']') >= 0 ? "" : " (\"" + tag + "\" NIL NIL)";
    return "* OK [INPROGRESS" + about + "] Still at work\r\n";
  }

  /** Begins a UIDFETCH response (RFC 9586 §3.3); as {@link #fetch}. */
  public FetchWriter uidFetch(long uid) {
    text.raw("* ").number(uid).raw(" UIDFETCH (");
    return new FetchWriter(target, text, utf8);
  }

  /** Begins a FETCH response; it is to be ended before anything else is written. */
  public FetchWriter fetch(long number) {
    text.raw("* ").number(number).raw(" FETCH (");
    return new FetchWriter(target, text, utf8);
  }
}
