package hikyaku.protocol.imap;

import hikyaku.protocol.wire.OctetSink;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes commands off a connection, one at a time, with their literals. What is gathered is bounded
 * by {@link ImapLimits}; messages of APPEND and REPLACE go straight to a sink. After each command,
 * malformed or refused ones too, the connection stands at the start of the next one, unless {@link
 * Bye} says that it cannot go on.
 */
public final class CommandReader {
  private static final OctetSink NOWHERE = (octets, offset, length) -> {};

  private final WireReader wire;
  private final ImapLimits limits;

  public CommandReader(WireReader wire, ImapLimits limits) {
    this.wire = wire;
    this.limits = limits;
  }

  /**
   * What the session's state means for reading.
   *
   * @param authenticated which limits hold
   * @param utf8 whether IMAP4rev2 or UTF8=ACCEPT is enabled: mailbox names are then UTF-8 instead
   *     of modified UTF-7
   */
  public record Mode(boolean authenticated, boolean utf8) {}

  /** What the reader asks of the session while a command comes in. */
  public interface Intake {
    /** Sends {@code + ...} and flushes it: the client waits for it before it sends a literal. */
    void proceed() throws IOException;

    /**
     * A message of APPEND or REPLACE begins; its parts follow, in order. A refusal, of a part too,
     * ends the calls for that command, and {@link #next} then gives it as {@link Refused}. Messages
     * taken before are the session's to give up, also when reading fails.
     *
     * @param index 0 for the first message
     * @param catenated whether it is of several parts, some of which may be empty
     * @return null, or a refusal
     */
    @Nullable Reply message(Purpose purpose, int index, boolean catenated) throws IOException;

    /** Octets of the message that has begun are about to come. */
    Decision literal(Command.AppendPart.Literal literal) throws IOException;

    /**
     * Octets of the message that has begun are here already.
     *
     * @return null, or a refusal
     */
    @Nullable Reply url(ImapUrl url) throws IOException;
  }

  /** What a message is for that is about to come. */
  public sealed interface Purpose {
    /** Where it goes. */
    String mailbox();

    record Append(String mailbox) implements Purpose {}

    /**
     * @param replaced names the message of the selected mailbox that goes
     */
    record Replace(String mailbox, boolean uid, SequenceSet replaced) implements Purpose {}
  }

  /** What becomes of octets that are about to come. */
  public sealed interface Decision {
    /**
     * @param sink gets all of them. What it throws ends the reading of the connection; a sink that
     *     fails for its own reasons should remember that and go on
     */
    record Take(OctetSink sink) implements Decision {}

    /** The command is refused; the octets are not asked for, or read and dropped. */
    record Refuse(Reply reply) implements Decision {}
  }

  /** What came. */
  public sealed interface Received {}

  /**
   * A well-formed command.
   *
   * @param name in upper case, UID included ({@code UID FETCH})
   */
  public record Parsed(String tag, String name, Command command) implements Received {}

  /**
   * Something to be answered with this and no more.
   *
   * @param tag null if none could be made out: the reply is then untagged
   * @param name the command's name as far as it is one of ours, for the log; else null
   */
  public record Refused(@Nullable String tag, @Nullable String name, Reply reply)
      implements Received {}

  /** The connection is out of step for good: say BYE with this text and close it. */
  public record Bye(String text) implements Received {}

  /**
   * Reads one command.
   *
   * @throws WireException.End if the connection ended before it
   * @throws WireException.Truncated if it ended inside
   */
  public Received next(Mode mode, Intake intake) throws IOException {
    return new Assembly(mode, intake).run();
  }

  /**
   * Reads a line that is no command: a response to AUTHENTICATE, or DONE.
   *
   * @return its octets, one per char, without the line ending
   * @throws WireException.LineTooLong above the line limit; the line has then been read
   */
  public String line(Mode mode) throws IOException {
    byte[] line = wire.readLine(lineLimit(mode), WireReader.LineEnding.LENIENT);
    return new String(line, StandardCharsets.ISO_8859_1);
  }

  /**
   * Reads over what a line that is no command, and should have been another, says that comes
   * unasked (RFC 7888 §3): octets, and the lines behind them. A client that takes it for a command
   * sends them, and they must not be taken for commands.
   *
   * @param end the line, or its end
   * @return false if more comes than is read over: say BYE
   */
  public boolean passOver(String end, Mode mode) throws IOException {
    long left = mode.authenticated() ? limits.discard() : limits.discardBeforeLogin();
    LiteralMark mark = LiteralMark.ofTail(end.getBytes(StandardCharsets.ISO_8859_1));
    for (int literals = 0; mark != null && !mark.synchronising(); literals++) {
      if (mark.length() > left || literals == limits.literals()) {
        return false;
      }
      left -= mark.length();
      wire.readCounted(mark.length(), NOWHERE);
      try {
        mark = LiteralMark.ofTail(wire.readLine(lineLimit(mode), WireReader.LineEnding.LENIENT));
      } catch (WireException.LineTooLong e) {
        mark = LiteralMark.ofTail(e.tail());
      }
    }
    return true;
  }

  /**
   * Reads a command once more that was read before.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Command again(Remembered remembered, ImapLimits limits) {
    byte[] octets = remembered.octets().getBytes(StandardCharsets.ISO_8859_1);
    try {
      return CommandParser.parse(new Cursor(octets, 0, octets.length, limits, remembered.utf8()))
          .command();
    } catch (SyntaxException e) {
      throw new IllegalArgumentException("no command", e);
    }
  }

  private int lineLimit(Mode mode) {
    return mode.authenticated ? limits.line() : limits.lineBeforeLogin();
  }

  /** The octets of a command as they were gathered. */
  private static final class Gathered extends ByteArrayOutputStream {
    Cursor cursor(int from, int to, ImapLimits limits, boolean utf8) {
      return new Cursor(buf, from, to, limits, utf8);
    }
  }

  /** One command coming in. */
  private final class Assembly {
    private final Mode mode;
    private final Intake intake;
    private final Gathered gathered = new Gathered();
    private @Nullable String tag;
    private @Nullable String name;
    private @Nullable Reply refusal;
    private @Nullable AppendParser append;

    /** Where in {@code gathered} the text begins that {@code append}, or else the parser, reads. */
    private int from;

    private int literals;
    private long discarded;

    Assembly(Mode mode, Intake intake) {
      this.mode = mode;
      this.intake = intake;
    }

    Received run() throws IOException {
      boolean first = true;
      while (true) {
        byte[] line;
        LiteralMark mark;
        try {
          line = wire.readLine(lineLimit(mode), WireReader.LineEnding.LENIENT);
          mark = LiteralMark.of(line);
        } catch (WireException.LineTooLong e) {
          line = e.head();
          mark = LiteralMark.ofTail(e.tail());
          refuse(Reply.bad("Line is too long"));
        }
        int start = gathered.size();
        gather(line);
        if (first) {
          begin();
          first = false;
        }
        if (mark == null) {
          return result();
        }
        if (refusal == null) {
          // The line ending was taken off; the parser finds it behind the announcement.
          gathered.write('\r');
          gathered.write('\n');
        }
        if (!literal(mark, start + mark.start())) {
          return mark.synchronising() ? refused() : new Bye("Literal is too large");
        }
      }
    }

    private void refuse(Reply reply) {
      if (refusal == null) {
        refusal = reply;
      }
    }

    private int commandLimit() {
      return mode.authenticated() ? limits.command() : limits.commandBeforeLogin();
    }

    private void gather(byte[] line) {
      if ((long) gathered.size() + line.length > commandLimit()) {
        refuse(Reply.bad(ResponseCode.Plain.TOOBIG, "Command is too long"));
      } else {
        gathered.write(line, 0, line.length);
      }
    }

    private Cursor cursor(int start, int end) {
      return gathered.cursor(start, end, limits, mode.utf8());
    }

    /** Finds the tag, and whether messages are to come. */
    private void begin() {
      Cursor in = cursor(0, gathered.size());
      tag = in.tag();
      if (tag == null || !in.take(' ')) {
        refuse(Reply.bad(tag == null ? "Missing or malformed tag" : "Missing command"));
        return;
      }
      from = in.position();
      try {
        String word = CommandParser.name(in);
        name = CommandParser.names().contains(word) ? word : null;
        append = AppendParser.of(word);
        if (append != null) {
          from = in.position();
        }
      } catch (SyntaxException e) {
        refuse(e.reply());
      }
    }

    /**
     * Has the literal read.
     *
     * @param markStart where in {@code gathered} its announcement begins
     * @return whether the command goes on behind it
     */
    private boolean literal(LiteralMark mark, int markStart) throws IOException {
      literals++;
      OctetSink sink = refusal == null ? sink(mark, markStart) : null;
      if (sink != null && literals > limits.literals()) {
        refuse(Reply.bad(ResponseCode.Plain.LIMIT, "Too many literals"));
        sink = null;
      }
      if (sink != null) {
        if (mark.synchronising()) {
          intake.proceed();
        }
        wire.readCounted(mark.length(), sink);
        return true;
      }
      long bound = mode.authenticated() ? limits.discard() : limits.discardBeforeLogin();
      if (mark.synchronising() || mark.length() > bound - discarded) {
        return false;
      }
      discarded += mark.length();
      wire.readCounted(mark.length(), NOWHERE);
      return true;
    }

    /** Where the literal goes, or null after a refusal. */
    private @Nullable OctetSink sink(LiteralMark mark, int markStart) throws IOException {
      if (append != null) {
        try {
          AppendParser.Piece piece = append.read(cursor(from, markStart), mark);
          from = piece.taken() ? gathered.size() : piece.read();
          OctetSink taken = take(append, piece.steps());
          if (piece.taken()) {
            return taken;
          }
        } catch (SyntaxException e) {
          refuse(e.reply());
        }
        if (refusal != null) {
          return null;
        }
      }
      if ("SETMETADATA".equals(name) && mark.length() > limits.annotation()) {
        refuse(MetadataParser.tooLarge(limits));
        return null;
      }
      long limit = mode.authenticated() ? limits.literal() : limits.literalBeforeLogin();
      if (mark.length() > Math.min(limit, commandLimit() - gathered.size())) {
        refuse(Reply.bad(ResponseCode.Plain.TOOBIG, "Literal is too large"));
        return null;
      }
      return gathered::write;
    }

    /**
     * Passes on what is said of messages, up to the first refusal.
     *
     * @return where the octets of the literal go that is said last; null if there is none
     */
    private @Nullable OctetSink take(AppendParser append, List<AppendParser.Step> steps)
        throws IOException {
      OctetSink sink = null;
      for (AppendParser.Step step : steps) {
        switch (step) {
          case AppendParser.Step.Begin(int index, boolean catenated) ->
              refuseUnlessNull(intake.message(append.purpose(), index, catenated));
          case AppendParser.Step.Part(Command.AppendPart.Url(ImapUrl url)) ->
              refuseUnlessNull(intake.url(url));
          case AppendParser.Step.Part(Command.AppendPart.Literal literal) -> {
            switch (intake.literal(literal)) {
              case Decision.Take(OctetSink taken) -> sink = taken;
              case Decision.Refuse(Reply reply) -> refuse(reply);
            }
          }
        }
        if (refusal != null) {
          return null;
        }
      }
      return sink;
    }

    private void refuseUnlessNull(@Nullable Reply reply) {
      if (reply != null) {
        refuse(reply);
      }
    }

    private Received refused() {
      return new Refused(tag, name, refusal == null ? Reply.bad("Refused") : refusal);
    }

    private Received result() throws IOException {
      if (refusal != null || tag == null) {
        return refused();
      }
      Cursor in = cursor(from, gathered.size());
      try {
        if (append != null && name != null) {
          take(append, append.read(in, null).steps());
          return refusal != null ? refused() : new Parsed(tag, name, append.command());
        }
        in = cursor(tag.length() + 1, gathered.size());
        CommandParser.Named named = CommandParser.parse(in);
        return new Parsed(tag, named.name(), named.command());
      } catch (SyntaxException e) {
        refuse(e.reply());
        return refused();
      }
    }
  }
}
