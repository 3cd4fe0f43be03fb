package hikyaku.server.auth;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/** A session at a foreign server that is logged in. Owned by one thread at a time. */
public interface ForeignSession extends AutoCloseable {
  /** The server's name here. */
  String backend();

  /** What it can do, as it says: IMAP's capabilities; empty for POP3. */
  List<String> capabilities();

  /** What it says from here on. */
  InputStream in();

  /** What it is told. */
  OutputStream out();

  /** Ends the connection, from any thread. */
  @Override
  void close();
}
