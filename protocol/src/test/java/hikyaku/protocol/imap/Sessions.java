package hikyaku.protocol.imap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireException;
import hikyaku.protocol.wire.WireReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads all commands of an input and describes what came of each in a line. */
final class Sessions {
  /** Messages to mailboxes of this name are refused; of "Late" the second one. */
  static final String REFUSED = "Refused";

  private Sessions() {}

  static List<String> read(OctetSource source, CommandReader.Mode mode) throws IOException {
    CommandReader reader = new CommandReader(new WireReader(source), ImapLimits.DEFAULT);
    List<String> told = new ArrayList<>();
    while (true) {
      Taker taker = new Taker();
      CommandReader.Received received;
      try {
        received = reader.next(mode, taker);
      } catch (WireException.End | WireException.Truncated e) {
        told.add(taker.told + e.getClass().getSimpleName());
        return told;
      }
      told.add(taker.told + describe(received) + taker.messages());
      if (received instanceof CommandReader.Bye) {
        return told;
      }
    }
  }

  static String describe(CommandReader.Received received) {
    return switch (received) {
      case CommandReader.Parsed(String tag, String _, Command command) -> tag + " " + command;
      case CommandReader.Refused(String tag, String _, Reply reply) ->
          (tag == null ? "*" : tag)
              + " "
              + reply.condition()
              + (reply.code() == null ? " " : " [" + reply.code() + "] ")
              + reply.text();
      case CommandReader.Bye(String text) -> "BYE " + text;
    };
  }

  private static final class Taker implements CommandReader.Intake {
    final StringBuilder told = new StringBuilder();
    private final List<ByteArrayOutputStream> messages = new ArrayList<>();

    @Override
    public void proceed() {
      told.append("+ ");
    }

    @Override
    public @Nullable Reply message(CommandReader.Purpose purpose, int index, boolean catenated) {
      String mailbox = purpose.mailbox();
      if (mailbox.equals(REFUSED) || mailbox.equals("Late") && index == 1) {
        return Reply.no(ResponseCode.Plain.TRYCREATE, "No such mailbox");
      }
      messages.add(new ByteArrayOutputStream());
      return null;
    }

    @Override
    public CommandReader.Decision literal(Command.AppendPart.Literal literal) {
      return new CommandReader.Decision.Take(messages.getLast()::write);
    }

    @Override
    public @Nullable Reply url(ImapUrl url) {
      if (url.uid() == 404) {
        return url.bad("No such message");
      }
      messages.getLast().writeBytes(("[" + url.uid() + "]").getBytes(ISO_8859_1));
      return null;
    }

    String messages() {
      StringBuilder text = new StringBuilder();
      for (ByteArrayOutputStream message : messages) {
        text.append(" <").append(message.toString(ISO_8859_1).replace("\0", "‹00›")).append('>');
      }
      return text.toString();
    }
  }
}
