package hikyaku.server.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Another mail server, which does as a test likes. What it has taken it keeps. */
public final class MailSink implements AutoCloseable {
  /** A reply that ends the connection without a word. */
  public static final String CLOSE = "close";

  /** No reply, ever. */
  public static final String SILENCE = "silence";

  private static final String NO_MAIL = "503 5.5.1 MAIL first";

  /**
   * A message that was taken: its lines, dots undone, each ending with a line feed; or octet for
   * octet, if it came by BDAT (RFC 3030).
   */
  public record Taken(String from, List<String> to, String text) {}

  /** What a server says, where it does not say what all say. */
  @FunctionalInterface
  public interface Manners {
    /**
     * @param line a command; empty for the greeting, {@code .} for the end of a message
     * @return the reply, or null for the usual one
     */
    String reply(String line, Taken sofar);
  }

  private final ServerSocket socket;
  private final Manners manners;
  private final SSLContext tls;
  private final boolean implicit;
  private final Queue<List<String>> goes = new ConcurrentLinkedQueue<>();
  private final List<Taken> taken = new CopyOnWriteArrayList<>();
  private final List<Taken> known = new CopyOnWriteArrayList<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();

  public MailSink(Manners manners) throws IOException {
    this(0, manners);
  }

  public MailSink(int port, Manners manners) throws IOException {
    this(InetAddress.getByName("127.0.0.1"), port, null, manners);
  }

  /**
   * @param tls null for one that does not offer STARTTLS
   */
  public MailSink(InetAddress address, int port, SSLContext tls, Manners manners)
      throws IOException {
    this(address, port, tls, false, manners);
  }

  private MailSink(InetAddress address, int port, SSLContext tls, boolean implicit, Manners manners)
      throws IOException {
    this.manners = manners;
    this.tls = tls;
    this.implicit = implicit;
    socket = new ServerSocket(port, 100, address);
    Thread.ofVirtual().name("sink").start(this::accept);
  }

  /** One that takes everything. */
  public static MailSink willing() throws IOException {
    return new MailSink((_, _) -> null);
  }

  /** One that speaks TLS from the first octet. */
  public static MailSink secured(SSLContext tls, Manners manners) throws IOException {
    return new MailSink(InetAddress.getByName("127.0.0.1"), 0, tls, true, manners);
  }

  public int port() {
    return socket.getLocalPort();
  }

  public List<Taken> taken() {
    return taken;
  }

  /**
   * Messages of which the client knows that they were taken, for it has gone on: those it has no
   * excuse to send again.
   */
  public List<Taken> known() {
    return known;
  }

  /** Commands in the groups in which they came: those of one were sent before any was answered. */
  public List<List<String>> goes() {
    return List.copyOf(goes);
  }

  /** Connections that there have been. */
  public int connections() {
    return connections.get();
  }

  /** Waits until so many messages have come. */
  public List<Taken> await(int count) throws InterruptedException {
    until("messages " + count + ", has " + taken.size(), () -> taken.size() >= count);
    return taken;
  }

  /** Waits for something that must come to be. */
  public static void until(String what, BooleanSupplier holds) throws InterruptedException {
    long deadline = System.nanoTime() + 300_000_000_000L;
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited in vain for: " + what);
      }
      Thread.sleep(10);
    }
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        open.add(client);
        connections.incrementAndGet();
        Thread.ofVirtual().name("sink-session").start(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      Socket secured = implicit ? secured(client) : null;
      BufferedReader in = reader(secured == null ? client : secured);
      OutputStream out = (secured == null ? client : secured).getOutputStream();
      List<String> go = new CopyOnWriteArrayList<>();
      String from = "";
      List<String> to = new ArrayList<>();
      // Whether there is a transaction (RFC 5321 §4.1.4).
      boolean begun = false;
      Taken last = null;
      if (!say(out, "", new Taken("", to, ""), "220 sink ESMTP")) {
        return;
      }
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (last != null) {
          known.add(last);
          last = null;
        }
        if (go.isEmpty()) {
          goes.add(go);
        }
        go.add(line);
        if (!in.ready()) {
          go = new CopyOnWriteArrayList<>();
        }
        String verb = line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
        Taken sofar = new Taken(from, to, "");
        switch (verb) {
          case "EHLO" -> {
            if (!say(
                out,
                line,
                sofar,
                "250-sink\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n"
                    + (tls != null && secured == null ? "250-STARTTLS\r\n" : "")
                    + "250 8BITMIME")) {
              return;
            }
          }
          case "STARTTLS" -> {
            String reply = manners.reply(line, sofar);
            if (!say(out, reply != null ? reply : tls == null ? "502 5.5.1 no" : "220 go")) {
              return;
            }
            if (reply == null && tls != null) {
              secured = secured(client);
              in = reader(secured);
              out = secured.getOutputStream();
            }
          }
          case "MAIL" -> {
            from = path(line);
            to = new ArrayList<>();
            String reply = manners.reply(line, new Taken(from, to, ""));
            begun = reply == null || reply.startsWith("2");
            if (!say(out, reply == null ? "250 2.1.0 OK" : reply)) {
              return;
            }
          }
          case "RCPT" -> {
            String reply = begun ? manners.reply(line, sofar) : NO_MAIL;
            if (reply == null || reply.startsWith("2")) {
              to.add(path(line));
            }
            if (!say(out, reply == null ? "250 2.1.5 OK" : reply)) {
              return;
            }
          }
          case "DATA" -> {
            String reply = begun ? manners.reply(line, sofar) : NO_MAIL;
            if (reply == null) {
              reply = to.isEmpty() ? "554 5.5.1 nobody" : "354 go";
            }
            if (!say(out, reply)) {
              return;
            }
            if (reply.startsWith("3")) {
              Taken whole = new Taken(from, List.copyOf(to), text(in));
              begun = false;
              String end = manners.reply(".", whole);
              if (end == null || end.startsWith("2")) {
                taken.add(whole);
                last = whole;
              }
              if (!say(out, end == null ? "250 2.0.0 taken" : end)) {
                return;
              }
            }
          }
          case "BDAT" -> {
            String octets = octets(in, Integer.parseInt(line.split(" ")[1]));
            String reply = begun && !to.isEmpty() ? manners.reply(line, sofar) : NO_MAIL;
            if (reply == null) {
              reply = "250 2.0.0 taken";
              last = new Taken(from, List.copyOf(to), octets);
              taken.add(last);
            }
            begun = false;
            if (!say(out, reply)) {
              return;
            }
          }
          case "QUIT" -> {
            say(out, "221 2.0.0 bye");
            return;
          }
          default -> {
            begun &= !verb.equals("RSET");
            if (!say(out, line, sofar, "250 2.0.0 OK")) {
              return;
            }
          }
        }
      }
    } catch (IOException gone) {
      // The client has gone away, or the test is over.
    } finally {
      open.remove(client);
    }
  }

  private Socket secured(Socket client) throws IOException {
    SSLSocket over =
        (SSLSocket) tls.getSocketFactory().createSocket(client, null, client.getPort(), false);
    over.setUseClientMode(false);
    over.startHandshake();
    return over;
  }

  /** What comes in one piece, the last of its message. */
  private static String octets(BufferedReader in, int count) throws IOException {
    char[] octets = new char[count];
    for (int read = 0; read < count; ) {
      int more = in.read(octets, read, count - read);
      if (more < 0) {
        throw new IOException("the message has no end");
      }
      read += more;
    }
    return new String(octets);
  }

  private static BufferedReader reader(Socket of) throws IOException {
    return new BufferedReader(new InputStreamReader(of.getInputStream(), ISO_8859_1));
  }

  private static String path(String line) {
    return line.substring(line.indexOf('<') + 1, line.indexOf('>'));
  }

  private static String text(BufferedReader in) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line = in.readLine(); !".".equals(line); line = in.readLine()) {
      if (line == null) {
        throw new IOException("the message has no end");
      }
      text.append(line.startsWith(".") ? line.substring(1) : line).append('\n');
    }
    return text.toString();
  }

  private boolean say(OutputStream out, String line, Taken sofar, String usual) throws IOException {
    String reply = manners.reply(line, sofar);
    return say(out, reply == null ? usual : reply);
  }

  /** Whether the session goes on. */
  private static boolean say(OutputStream out, String reply) throws IOException {
    if (reply.equals(CLOSE)) {
      return false;
    }
    if (!reply.equals(SILENCE)) {
      out.write((reply + "\r\n").getBytes(ISO_8859_1));
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    for (Socket client : open) {
      client.close();
    }
  }
}
