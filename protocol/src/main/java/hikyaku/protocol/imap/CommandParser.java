package hikyaku.protocol.imap;

import hikyaku.protocol.address.SaslPrep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The octets of a command, literals in place, to a {@link Command}. A new command takes a record
 * there, a rule here and a line in the table.
 */
final class CommandParser {
  /** Reads what follows a command's name, up to the end. */
  private interface Rule {
    Command parse(CommandParser parser) throws SyntaxException;
  }

  private static final Map<String, Rule> RULES = new LinkedHashMap<>();

  static {
    RULES.put("CAPABILITY", parser -> new Command.Capability());
    RULES.put("NOOP", parser -> new Command.Noop());
    RULES.put("LOGOUT", parser -> new Command.Logout());
    RULES.put("ID", CommandParser::id);
    RULES.put("LANGUAGE", CommandParser::language);
    RULES.put("STARTTLS", parser -> new Command.StartTls());
    RULES.put("AUTHENTICATE", CommandParser::authenticate);
    RULES.put("LOGIN", CommandParser::login);
    RULES.put("UNAUTHENTICATE", parser -> new Command.Unauthenticate());
    RULES.put("ENABLE", CommandParser::enable);
    RULES.put("SELECT", parser -> parser.select(false));
    RULES.put("EXAMINE", parser -> parser.select(true));
    RULES.put("CREATE", CommandParser::create);
    RULES.put("DELETE", parser -> new Command.Delete(parser.mailbox()));
    RULES.put("RENAME", parser -> new Command.Rename(parser.mailbox(), parser.mailbox()));
    RULES.put("SUBSCRIBE", parser -> new Command.Subscribe(parser.mailbox()));
    RULES.put("UNSUBSCRIBE", parser -> new Command.Unsubscribe(parser.mailbox()));
    RULES.put("LIST", parser -> new ListParser(parser.in).list());
    RULES.put("LSUB", parser -> new ListParser(parser.in).lsub());
    RULES.put("NAMESPACE", parser -> new Command.Namespace());
    RULES.put("STATUS", parser -> new ListParser(parser.in).status());
    RULES.put("GETMETADATA", parser -> new MetadataParser(parser.in).get());
    RULES.put("SETMETADATA", parser -> new MetadataParser(parser.in).set());
    RULES.put("GETQUOTA", CommandParser::getQuota);
    RULES.put("GETQUOTAROOT", parser -> new Command.GetQuotaRoot(parser.mailbox()));
    RULES.put("SETQUOTA", CommandParser::setQuota);
    RULES.put("GETACL", parser -> new Command.GetAcl(parser.mailbox()));
    RULES.put("SETACL", CommandParser::setAcl);
    RULES.put("DELETEACL", parser -> new Command.DeleteAcl(parser.mailbox(), parser.identifier()));
    RULES.put(
        "LISTRIGHTS", parser -> new Command.ListRights(parser.mailbox(), parser.identifier()));
    RULES.put("MYRIGHTS", parser -> new Command.MyRights(parser.mailbox()));
    RULES.put("APPEND", CommandParser::append);
    RULES.put("REPLACE", CommandParser::append);
    RULES.put("UID REPLACE", CommandParser::append);
    RULES.put("IDLE", parser -> new Command.Idle());
    RULES.put("NOTIFY", parser -> new NotifyParser(parser.in).notification());
    RULES.put("COMPRESS", CommandParser::compress);
    RULES.put("CHECK", parser -> new Command.Check());
    RULES.put("CLOSE", parser -> new Command.Close());
    RULES.put("UNSELECT", parser -> new Command.Unselect());
    RULES.put("EXPUNGE", parser -> new Command.Expunge(null));
    RULES.put("UID EXPUNGE", parser -> new Command.Expunge(parser.messages()));
    RULES.put("SEARCH", parser -> new SearchParser(parser.in).search(false));
    RULES.put("UID SEARCH", parser -> new SearchParser(parser.in).search(true));
    RULES.put("ESEARCH", parser -> new SearchParser(parser.in).multi());
    RULES.put("CANCELUPDATE", CommandParser::cancelUpdate);
    RULES.put("SORT", parser -> new SearchParser(parser.in).sort(false));
    RULES.put("UID SORT", parser -> new SearchParser(parser.in).sort(true));
    RULES.put("THREAD", parser -> new SearchParser(parser.in).thread(false));
    RULES.put("UID THREAD", parser -> new SearchParser(parser.in).thread(true));
    RULES.put("FETCH", parser -> new FetchParser(parser.in).fetch(false));
    RULES.put("UID FETCH", parser -> new FetchParser(parser.in).fetch(true));
    RULES.put("STORE", parser -> parser.store(false));
    RULES.put("UID STORE", parser -> parser.store(true));
    RULES.put("COPY", parser -> new Command.Copy(false, parser.messages(), parser.mailbox()));
    RULES.put("UID COPY", parser -> new Command.Copy(true, parser.messages(), parser.mailbox()));
    RULES.put("MOVE", parser -> new Command.Move(false, parser.messages(), parser.mailbox()));
    RULES.put("UID MOVE", parser -> new Command.Move(true, parser.messages(), parser.mailbox()));
  }

  private final Cursor in;

  private CommandParser(Cursor in) {
    this.in = in;
  }

  /** A command with its name in upper case, as in the table. */
  record Named(String name, Command command) {}

  /** Parses what stands behind the tag and its space. */
  static Named parse(Cursor in) throws SyntaxException {
    String name = name(in);
    Rule rule = RULES.get(name);
    if (rule == null) {
      throw SyntaxException.bad("Unknown command");
    }
    Command command = rule.parse(new CommandParser(in));
    in.expectEnd();
    return new Named(name, command);
  }

  /** Reads the name of a command, with that behind UID. */
  static String name(Cursor in) throws SyntaxException {
    String name = in.expectWord("a command");
    if (!name.equals("UID")) {
      return name;
    }
    in.expectSp();
    return "UID " + in.expectWord("a command");
  }

  /** The names of all commands. */
  static List<String> names() {
    return List.copyOf(RULES.keySet());
  }

  private String mailbox() throws SyntaxException {
    in.expectSp();
    return in.expectMailbox();
  }

  private SequenceSet messages() throws SyntaxException {
    in.expectSp();
    return in.expectSequenceSet();
  }

  private Command id() throws SyntaxException {
    in.expectSp();
    List<Command.Id.Field> fields = new ArrayList<>();
    if (!in.word("NIL")) {
      in.expect('(');
      if (!in.take(')')) {
        do {
          if (fields.size() == in.limits().idFields()) {
            throw SyntaxException.limit("Too many fields");
          }
          String name = in.expectString("a field name");
          in.expectSp();
          fields.add(new Command.Id.Field(name, in.expectNstring("a field value")));
        } while (in.take(' '));
        in.expect(')');
      }
    }
    return new Command.Id(fields);
  }

  private Command authenticate() throws SyntaxException {
    in.expectSp();
    String mechanism = in.expectWord("a mechanism");
    String initial = null;
    if (in.take(' ') && !in.atEnd()) {
      // base64 and "=" alone are made of the characters of an atom.
      initial = in.expectAtom("an initial response");
    }
    return new Command.Authenticate(mechanism, initial);
  }

  private Command login() throws SyntaxException {
    in.expectSp();
    String user = in.utf8(in.expectAstring("a user name"), "user name");
    in.expectSp();
    return new Command.Login(user, in.utf8(in.expectAstring("a password"), "password"));
  }

  private Command enable() throws SyntaxException {
    in.expectSp();
    List<String> capabilities = new ArrayList<>();
    do {
      if (capabilities.size() == in.limits().capabilities()) {
        throw SyntaxException.limit("Too many capabilities");
      }
      capabilities.add(in.expectWord("a capability"));
    } while (in.take(' ') && !in.atEnd());
    return new Command.Enable(capabilities);
  }

  private Command select(boolean readOnly) throws SyntaxException {
    String mailbox = mailbox();
    boolean condStore = false;
    Command.QResync qResync = null;
    if (in.take(' ') && !in.atEnd()) {
      in.expect('(');
      do {
        switch (in.expectWord("a parameter")) {
          case "CONDSTORE" -> condStore = true;
          case "QRESYNC" -> {
            in.expectSp();
            qResync = qResync();
          }
          default -> throw SyntaxException.bad("Unknown parameter");
        }
      } while (in.take(' '));
      in.expect(')');
    }
    return new Command.Select(mailbox, readOnly, condStore || qResync != null, qResync);
  }

  /** {@code select-param} of RFC 7162 §7. */
  private Command.QResync qResync() throws SyntaxException {
    in.expect('(');
    final long uidValidity = in.expectNzNumber();
    in.expectSp();
    final long modSeq = in.expectNzNumber64();
    NumberSet knownUids = null;
    NumberSet numbers = null;
    NumberSet numbersUids = null;
    boolean more = in.take(' ');
    if (more && in.peek() != '(') {
      knownUids = in.expectNumberSet();
      more = in.take(' ');
    }
    if (more) {
      in.expect('(');
      numbers = in.expectNumberSet();
      in.expectSp();
      numbersUids = in.expectNumberSet();
      in.expect(')');
      if (numbers.count() != numbersUids.count()) {
        throw SyntaxException.bad("Sets of numbers and UIDs differ in size");
      }
    }
    in.expect(')');
    return new Command.QResync(uidValidity, modSeq, knownUids, numbers, numbersUids);
  }

  private Command create() throws SyntaxException {
    String mailbox = mailbox();
    List<String> specialUse = new ArrayList<>();
    if (in.take(' ') && !in.atEnd()) {
      in.expect('(');
      if (!in.word("USE")) {
        throw SyntaxException.bad("Unknown parameter");
      }
      in.expectSp();
      in.expect('(');
      if (!in.take(')')) {
        do {
          if (specialUse.size() == in.limits().flags()) {
            throw SyntaxException.limit("Too many attributes");
          }
          in.expect('\\');
          specialUse.add("\\" + in.expectWord("an attribute"));
        } while (in.take(' '));
        in.expect(')');
      }
      in.expect(')');
    }
    return new Command.Create(mailbox, specialUse);
  }

  /** {@code identifier} (RFC 4314 §7), prepared (§3). */
  private String identifier() throws SyntaxException {
    in.expectSp();
    String identifier = in.utf8(in.expectAstring("an identifier"), "identifier");
    // The sign of negative rights is no part of a name (§2).
    String sign = identifier.startsWith("-") ? "-" : "";
    return SaslPrep.prepare(identifier.substring(sign.length()))
        .map(sign::concat)
        .orElseThrow(() -> SyntaxException.bad("This identifies nobody"));
  }

  private Command setQuota() throws SyntaxException {
    in.expectSp();
    String root = in.expectAstring("a quota root");
    in.expectSp();
    in.expect('(');
    List<Command.QuotaLimit> limits = new ArrayList<>();
    if (!in.take(')')) {
      do {
        String resource = in.expectWord("a resource");
        in.expectSp();
        if (limits.stream().anyMatch(known -> known.resource().equals(resource))) {
          throw SyntaxException.bad("A resource has one limit");
        }
        if (limits.size() == in.limits().quotaResources()) {
          throw SyntaxException.limit("Too many resources");
        }
        limits.add(new Command.QuotaLimit(resource, in.expectNumber64()));
      } while (in.take(' '));
      in.expect(')');
    }
    return new Command.SetQuota(root, limits);
  }

  private Command setAcl() throws SyntaxException {
    String mailbox = mailbox();
    String identifier = identifier();
    in.expectSp();
    String rights = in.expectAstring("rights");
    Command.StoreAction action =
        switch (rights.isEmpty() ? ' ' : rights.charAt(0)) {
          case '+' -> Command.StoreAction.ADD;
          case '-' -> Command.StoreAction.REMOVE;
          default -> Command.StoreAction.REPLACE;
        };
    String letters = action == Command.StoreAction.REPLACE ? rights : rights.substring(1);
    // RFC 4314 §3.1: what is no right is refused, not passed over.
    if (letters.chars().anyMatch(letter -> "lrswipkxteacd".indexOf(letter) < 0)) {
      throw SyntaxException.bad("Unknown right");
    }
    return new Command.SetAcl(mailbox, identifier, action, letters);
  }

  /** {@link AppendParser} has all that can be right. */
  private Command append() throws SyntaxException {
    throw SyntaxException.bad("A command without its messages");
  }

  private Command language() throws SyntaxException {
    List<String> ranges = new ArrayList<>();
    while (in.take(' ') && !in.atEnd()) {
      if (ranges.size() == in.limits().capabilities()) {
        throw SyntaxException.limit("Too many languages");
      }
      ranges.add(in.expectAstring("a language"));
    }
    return new Command.Language(ranges);
  }

  private Command getQuota() throws SyntaxException {
    in.expectSp();
    return new Command.GetQuota(in.expectAstring("a quota root"));
  }

  private Command cancelUpdate() throws SyntaxException {
    List<String> tags = new ArrayList<>();
    do {
      if (tags.size() == in.limits().updates()) {
        throw SyntaxException.limit("Too many tags");
      }
      in.expectSp();
      tags.add(in.expectString("a tag"));
    } while (in.peek() == ' ');
    return new Command.CancelUpdate(tags);
  }

  private Command compress() throws SyntaxException {
    in.expectSp();
    return new Command.Compress(in.expectWord("an algorithm"));
  }

  private Command store(boolean uid) throws SyntaxException {
    SequenceSet messages = messages();
    in.expectSp();
    Long unchangedSince = null;
    if (in.take('(')) {
      if (!in.word("UNCHANGEDSINCE")) {
        throw SyntaxException.bad("Unknown store modifier");
      }
      in.expectSp();
      unchangedSince = in.expectNumber64();
      in.expect(')');
      in.expectSp();
    }
    Command.StoreAction action =
        in.take('+')
            ? Command.StoreAction.ADD
            : in.take('-') ? Command.StoreAction.REMOVE : Command.StoreAction.REPLACE;
    String item = in.expectWord("FLAGS");
    boolean silent = item.equals("FLAGS.SILENT");
    if (!silent && !item.equals("FLAGS")) {
      throw SyntaxException.bad("Expected FLAGS");
    }
    in.expectSp();
    List<String> flags = in.peek() == '(' ? in.expectFlagList() : in.expectBareFlags();
    return new Command.Store(uid, messages, action, silent, flags, unchangedSince);
  }
}
