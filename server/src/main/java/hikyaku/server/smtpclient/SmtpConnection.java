package hikyaku.server.smtpclient;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.smtp.ServerReply;
import hikyaku.protocol.wire.OctetSource;
import hikyaku.protocol.wire.WireReader;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to another server, up to the point where messages may be handed over. */
final class SmtpConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SmtpConnection.class);
  private static final SecureRandom NONCES = new SecureRandom();
  private static final int NONCE_OCTETS = 18;
  private static final int BUFFER = 16 * 1024;

  /** How long the answer to QUIT is waited for; nothing depends on it. */
  private static final Duration GOODBYE = Duration.ofSeconds(5);

  /** Replies of who does not know STARTTLS, whatever it offered (RFC 5321 §4.2.4). */
  private static final int NO_SUCH_COMMAND = 500;

  private static final int NOT_IMPLEMENTED = 502;

  private final Hop hop;
  private final ClientSettings settings;
  private final TlsMeans means;
  private final Socket ground;
  private final Patience patience;
  private Socket socket;
  private InputStream input;
  private WireReader in;
  private OutputStream out;
  private final Map<String, String> extensions = new HashMap<>();

  private SmtpConnection(Hop hop, ClientSettings settings, TlsMeans means, Socket ground)
      throws IOException {
    this.hop = hop;
    this.settings = settings;
    this.means = means;
    this.ground = ground;
    this.socket = ground;
    this.patience = new Patience(ground, settings.greeting());
    this.input = ground.getInputStream();
    this.in = new WireReader(source(input));
    this.out = new BufferedOutputStream(ground.getOutputStream(), BUFFER);
  }

  /**
   * Connects, greets, and comes to terms about TLS and login.
   *
   * @param hello our name
   * @throws UnreachableException if that does not succeed
   */
  static SmtpConnection open(Hop hop, String hello, ClientSettings settings, TlsMeans means)
      throws UnreachableException {
    try {
      return attempt(hop, hello, settings, means);
    } catch (TlsFailure e) {
      if (hop.security() != Hop.Security.IF_OFFERED) {
        throw unreachable(
            hop,
            "4.7.5",
            "TLS with " + hop + ", which " + hop.policy() + " demands, failed: " + e.getMessage(),
            e);
      }
      // Without TLS the mail would have gone in the clear anyway (RFC 7435 §3).
      LOG.atInfo()
          .addKeyValue("host", hop)
          .addKeyValue("cause", e.getMessage())
          .log("TLS failed; going on without");
      return open(hop.withoutTls(), hello, settings, means);
    }
  }

  private static SmtpConnection attempt(
      Hop hop, String hello, ClientSettings settings, TlsMeans means)
      throws UnreachableException, TlsFailure {
    Socket socket = new Socket();
    SmtpConnection made = null;
    boolean done = false;
    try {
      Optional<InetAddress> source = settings.source(hop.address().getAddress());
      if (source.isPresent()) {
        socket.bind(new InetSocketAddress(source.get(), 0));
      }
      socket.connect(hop.address(), (int) settings.connect().toMillis());
      socket.setTcpNoDelay(true);
      made = new SmtpConnection(hop, settings, means, socket);
      made.greet(hello);
      done = true;
      return made;
    } catch (TlsFailure | UnreachableException e) {
      throw e;
    } catch (ServerReply.Malformed e) {
      throw unreachable(hop, "4.5.0", hop + " does not speak SMTP: " + e.getMessage(), e);
    } catch (IOException e) {
      boolean over = made != null && made.patience.isOver();
      String how = over ? " took too long" : ": " + e.getMessage();
      throw unreachable(hop, "4.4.1", "no session with " + hop + how, e);
    } finally {
      if (!done) {
        abandon(made, socket);
      }
    }
  }

  private static void abandon(@Nullable SmtpConnection made, Socket socket) {
    if (made != null) {
      made.close();
      return;
    }
    try {
      socket.close();
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a connection that did not come about");
    }
  }

  private static UnreachableException unreachable(
      Hop hop, String status, String text, Throwable cause) {
    return new UnreachableException(Verdict.deferred(status, text), cause);
  }

  /** TLS did not come about. */
  private static final class TlsFailure extends IOException {
    TlsFailure(IOException cause) {
      super(String.valueOf(cause.getMessage()), cause);
    }
  }

  private void greet(String hello) throws IOException {
    if (hop.security() == Hop.Security.IMPLICIT) {
      secure();
    }
    insist(read(settings.greeting()));
    hello(hello);
    boolean wanted =
        hop.security() == Hop.Security.REQUIRED || hop.security() == Hop.Security.IF_OFFERED;
    if (wanted && extensions.containsKey("STARTTLS")) {
      startTls();
      hello(hello);
    } else if (wanted) {
      tell(TlsFault.STARTTLS_NOT_SUPPORTED, "");
      if (hop.security() == Hop.Security.REQUIRED) {
        throw unreachable(
            "4.7.4", hop + " does not offer STARTTLS, which " + hop.policy() + " demands");
      }
    }
    if (!hop.login().isNone()) {
      login();
    }
  }

  private void hello(String name) throws IOException {
    extensions.clear();
    ServerReply reply = command("EHLO " + name);
    if (reply.code() / 100 == 5) {
      insist(command("HELO " + name));
      return;
    }
    insist(reply);
    for (String line : reply.lines().subList(1, reply.lines().size())) {
      String[] words = line.strip().split("[ =]+", 2);
      extensions.put(words[0].toUpperCase(Locale.ROOT), words.length > 1 ? words[1] : "");
    }
  }

  private void startTls() throws IOException {
    ServerReply reply;
    try {
      reply = command("STARTTLS");
    } catch (IOException e) {
      // Some servers, and what stands before them, end the session at this word.
      tell(TlsFault.VALIDATION_FAILURE, String.valueOf(e.getMessage()));
      throw new TlsFailure(e);
    }
    if (!reply.isPositive()) {
      boolean unknown = reply.code() == NO_SUCH_COMMAND || reply.code() == NOT_IMPLEMENTED;
      tell(
          unknown ? TlsFault.STARTTLS_NOT_SUPPORTED : TlsFault.VALIDATION_FAILURE,
          reply.toString());
      throw new TlsFailure(new IOException(reply.toString()));
    }
    secure();
  }

  private void secure() throws IOException {
    if (input.available() > 0 || in.buffered() > 0) {
      // Somebody in between would have us believe that it came under TLS.
      String reason = "it said something ahead of TLS";
      tell(TlsFault.VALIDATION_FAILURE, reason);
      throw new TlsFailure(new IOException(reason));
    }
    patience.until(settings.greeting());
    PeerJudge judge = new PeerJudge(hop.check(), means.trusted());
    try {
      socket = ClientTls.over(ground, hop, judge);
    } catch (IOException e) {
      TlsFault fault = judge.fault();
      String reason = fault == null ? String.valueOf(e.getMessage()) : judge.reason();
      tell(fault == null ? TlsFault.VALIDATION_FAILURE : fault, reason);
      throw new TlsFailure(fault == null ? e : new IOException(reason, e));
    }
    tell(judge.fault(), judge.reason());
    input = socket.getInputStream();
    in = new WireReader(source(input));
    out = new BufferedOutputStream(socket.getOutputStream(), BUFFER);
  }

  private void tell(@Nullable TlsFault fault, String reason) {
    if (hop.policy().kind() != TlsPolicy.Kind.RELAY) {
      means
          .observer()
          .told(
              new TlsObserver.Outcome(
                  hop.policy(),
                  fault,
                  reason,
                  hop.name(),
                  hop.address().getAddress().getHostAddress(),
                  ground.getLocalAddress().getHostAddress()));
    }
  }

  private void login() throws IOException {
    String offered = " " + extensions.getOrDefault("AUTH", "").toUpperCase(Locale.ROOT) + " ";
    Hop.Login login = hop.login();
    ServerReply reply;
    boolean simple = offered.contains(" PLAIN ") || offered.contains(" LOGIN ");
    if (offered.contains(" " + ScramLogin.NAME + " ")) {
      reply = scram(new ScramLogin(login, nonce()));
      // Some offer it for accounts that cannot have it. Under TLS the others are no worse.
      if (reply.code() / 100 != 5 || !simple || tls().isEmpty()) {
        insist(reply);
        return;
      }
    }
    if (offered.contains(" PLAIN ")) {
      reply = command("AUTH PLAIN " + base64("\0" + login.user() + "\0" + login.password()));
    } else if (offered.contains(" LOGIN ")) {
      reply = command("AUTH LOGIN");
      if (reply.code() == 334) {
        reply = command(base64(login.user()));
      }
      if (reply.code() == 334) {
        reply = command(base64(login.password()));
      }
    } else {
      throw unreachable("4.7.0", hop + " offers no login that is known here");
    }
    // A wrong password is the operator's affair; the mail waits.
    insist(reply);
  }

  private static String nonce() {
    byte[] octets = new byte[NONCE_OCTETS];
    NONCES.nextBytes(octets);
    return HexFormat.of().formatHex(octets);
  }

  private ServerReply scram(ScramLogin scram) throws IOException {
    try {
      ServerReply reply = command("AUTH " + ScramLogin.NAME + " " + base64(scram.first()));
      if (reply.code() != 334) {
        return reply;
      }
      reply = command(base64(scram.last(challenge(reply))));
      if (reply.isPositive() || (reply.code() == 334 && !scram.isProven(challenge(reply)))) {
        throw new ScramLogin.Odd("it does not prove that it knows the password");
      }
      // RFC 4954 §4: what comes with success is a challenge, whose answer is empty.
      return reply.code() == 334 ? command("") : reply;
    } catch (ScramLogin.Odd e) {
      throw unreachable(
          "4.7.0", "no login at " + hop + " by " + ScramLogin.NAME + ": " + e.getMessage());
    }
  }

  private static String challenge(ServerReply reply) throws ScramLogin.Odd {
    try {
      return new String(Base64.getDecoder().decode(reply.lines().getFirst().strip()), UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ScramLogin.Odd("its challenge is no base64");
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  /** What is not positive here concerns the server, not a message, and so may be mended. */
  private void insist(ServerReply reply) throws UnreachableException {
    if (!reply.isPositive()) {
      throw new UnreachableException(Verdict.of(reply, hop.toString()).forNow());
    }
  }

  private static UnreachableException unreachable(String status, String text) {
    return new UnreachableException(Verdict.deferred(status, text));
  }

  private static OctetSource source(InputStream input) {
    return new OctetSource() {
      @Override
      public boolean await() {
        return true;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        return input.read(buffer, offset, length);
      }
    };
  }

  // ---- for whoever hands messages over

  Hop hop() {
    return hop;
  }

  boolean offers(String extension) {
    return extensions.containsKey(extension);
  }

  /** The octets that the server takes, as SIZE tells (RFC 1870 §4); 0 if it does not say. */
  long sizeLimit() {
    String size = extensions.getOrDefault("SIZE", "");
    return size.matches("[0-9]{1,18}") ? Long.parseLong(size) : 0;
  }

  /** min-by-time (RFC 2852 §3): the shortest time that the server takes, in seconds; 0 for any. */
  long shortestDelivery() {
    String first = extensions.getOrDefault("DELIVERBY", "").split(",", 2)[0].strip();
    return first.matches("[0-9]{1,9}") ? Long.parseLong(first) : 0;
  }

  /** The version of TLS; empty for none. */
  String tls() {
    return socket instanceof SSLSocket secured ? secured.getSession().getProtocol() : "";
  }

  /** Puts octets to what goes out with the next {@link #read}. */
  void write(byte[] octets, int offset, int length) throws IOException {
    out.write(octets, offset, length);
  }

  void write(byte[] line) throws IOException {
    out.write(line);
  }

  /** Allows this much time for what is written next. */
  void allow(Duration time) {
    patience.until(time);
  }

  /** Sends what was written and waits so long for a reply. */
  ServerReply read(Duration wait) throws IOException {
    patience.until(wait);
    out.flush();
    return ServerReply.read(in);
  }

  ServerReply command(String line) throws IOException {
    write((line + "\r\n").getBytes(US_ASCII));
    return read(settings.reply());
  }

  ClientSettings settings() {
    return settings;
  }

  /** Whether an answer did not come in time. */
  boolean tookTooLong() {
    return patience.isOver();
  }

  /** How a failure of this connection is told. */
  Verdict failure(IOException e) {
    String how = patience.isOver() ? " took too long" : " broke the session: " + e.getMessage();
    return Verdict.deferred("4.4.2", hop + how);
  }

  /** Says goodbye, without waiting long for an answer. */
  void quit() {
    try {
      write("QUIT\r\n".getBytes(US_ASCII));
      ServerReply said = read(GOODBYE);
      LOG.atTrace().addKeyValue("reply", said).log("goodbye");
    } catch (IOException e) {
      LOG.atTrace().setCause(e).log("a server that does not say goodbye");
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    patience.close();
    try {
      // TLS would want to say goodbye first, which may wait.
      ground.close();
    } catch (IOException e) {
      LOG.atDebug().setCause(e).log("closing a connection");
    }
  }
}
