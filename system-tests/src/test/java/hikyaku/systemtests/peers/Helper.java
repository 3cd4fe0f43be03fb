package hikyaku.systemtests.peers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** An IMAP session beside those of a transcript, in which everything has to succeed. */
final class Helper implements AutoCloseable {
  /** When messages of the transcripts come. */
  private static final String DATE = "\"22-Nov-2026 10:00:00 +0000\"";

  private final Peer peer;

  Helper(InetSocketAddress imap, String user) throws IOException {
    this(new Peer(imap), user);
  }

  /** The same on a connection that is there. */
  Helper(Peer peer, String user) throws IOException {
    this.peer = peer;
    peer.greeting();
    ask("LOGIN " + user + " secret");
  }

  /** What is said before the tagged response. */
  String ask(String command) throws IOException {
    peer.send("helper " + command + "\r\n");
    StringBuilder before = new StringBuilder();
    while (true) {
      Optional<String> response = peer.response();
      if (response.isEmpty()) {
        throw new IOException("the peer has closed after " + command);
      }
      if (response.get().startsWith("helper ")) {
        if (!response.get().startsWith("helper OK")) {
          throw new IOException("to " + command + " the peer says " + response.get());
        }
        return before.toString();
      }
      before.append(response.get());
    }
  }

  /** Puts a message into INBOX, one char an octet. */
  void append(String text) throws IOException {
    int octets = text.getBytes(StandardCharsets.ISO_8859_1).length;
    ask("APPEND INBOX " + DATE + " {" + octets + "+}\r\n" + text);
  }

  void expunge(String uid) throws IOException {
    ask("SELECT INBOX");
    ask("UID STORE " + uid + " +FLAGS.SILENT (\\Deleted)");
    ask("UID EXPUNGE " + uid);
  }

  /** How many messages INBOX has. */
  String messages() throws IOException {
    return ask("STATUS INBOX (MESSAGES)").replaceAll("[^0-9]", "");
  }

  @Override
  public void close() throws IOException {
    ask("LOGOUT");
    peer.close();
  }
}
