package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.memory.Faults;
import hikyaku.server.lists.ListKind;
import hikyaku.server.net.TlsMode;
import hikyaku.server.testing.Carrier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A dialogue in a file, played against a server.
 *
 * <pre>
 * face mx              which server
 * tls STARTTLS         how it speaks TLS; NONE unless said
 * set recipients 2     a limit or setting
 * C: MAIL FROM:&lt;&gt;      a line for the server; lines that follow each other are sent at once
 * C> a\r\n.\r          the same without CRLF
 * C* x 100             "x" 100 times, without CRLF
 * C64 \0u1\0secret     base64 of it, with CRLF
 * S: 250 2.1.0 OK      the next line of the server; {} stands for anything
 * closed               the server has closed
 * connect              a new connection
 * starttls             TLS begins
 * fault APPEND BEFORE  the store's next such call fails; "fault all" for every one
 * mend                 no more faults
 * later 3600           seconds pass
 * pauses 3             how often the server held back a reply so far
 * list news announcement u1@demo.test a@b.test   a mailing list with its owner and members
 * mailbox u1 2         how many messages there are
 * message u1 1         the message as it is kept; its lines follow
 * | Subject: hello
 * stop                 the server is told to stop
 * </pre>
 *
 * In all of these {@code \r \n \t \0 \\} and {@code \xHH} mean an octet.
 */
final class Transcript {
  private final List<String> lines;
  private World world;
  private Socket socket;
  private InputStream in;

  private final Optional<Carrier.Plan> plan;

  private Transcript(String text, Optional<Carrier.Plan> plan) {
    lines = List.of(text.split("\n"));
    this.plan = plan;
  }

  static void play(String text) throws Exception {
    new Transcript(text, Optional.empty()).play();
  }

  /** Plays it where sessions travel between two nodes. */
  static void play(String text, Carrier.Plan plan) throws Exception {
    new Transcript(text, Optional.of(plan)).play();
  }

  private void play() throws Exception {
    SmtpFace face = SmtpFace.MX;
    SmtpSettings settings = TestSettings.DEFAULT;
    TlsMode tls = TlsMode.NONE;
    try {
      for (int i = 0; i < lines.size(); i++) {
        String line = lines.get(i);
        String[] words = line.split(" ");
        switch (words[0]) {
          case "", "#" -> {}
          case "face" -> face = SmtpFace.valueOf(words[1].toUpperCase(java.util.Locale.ROOT));
          case "tls" -> tls = TlsMode.valueOf(words[1]);
          case "set" -> settings = TestSettings.with(settings, words[1], words[2]);
          default -> {
            if (world == null) {
              world = new World(face, settings, tls, plan);
              connect();
            }
            i = step(i, line, words);
          }
        }
      }
    } catch (IOException | AssertionError e) {
      throw new AssertionError("at \"" + at + "\"", e);
    } finally {
      if (socket != null) {
        socket.close();
      }
      if (world != null) {
        world.close();
      }
    }
  }

  private String at = "";

  /** Plays the line, and those that belong to it; returns the index of the last one. */
  private int step(int index, String line, String[] words) throws Exception {
    at = line;
    switch (words[0]) {
      case "C:", "C>", "C*", "C64" -> {
        return send(index);
      }
      case "S:" -> expect(line.substring(3));
      case "closed" -> assertThat(in.read()).isEqualTo(-1);
      case "connect" -> connect();
      case "starttls" -> use(World.startTls(socket));
      case "fault" -> fault(words);
      case "mend" -> {
        world.store.faults().clear();
        world.carrier.ifPresent(carrier -> carrier.spare(false));
      }
      case "later" -> world.nanos.addAndGet(Duration.ofSeconds(Long.parseLong(words[1])).toNanos());
      case "pauses" -> {
        // A reply that is repeated is held back once more.
        if (plan.isEmpty()) {
          assertThat(world.pauses).hasSize(Integer.parseInt(words[1]));
        }
      }
      case "mailbox" -> assertThat(world.count(words[1])).isEqualTo(Integer.parseInt(words[2]));
      case "script" ->
          world.script(words[1], line.substring("script ".length() + words[1].length()));
      case "list" ->
          world.list(
              words[1],
              ListKind.of(words[2]).orElseThrow(),
              words[3],
              List.of(words).subList(4, words.length));
      case "queued" -> assertThat(world.queued()).isEqualTo(Integer.parseInt(words[1]));
      case "message" -> {
        return message(index, words);
      }
      case "stop" -> Thread.ofPlatform().daemon().start(world.server::close);
      default -> throw new IllegalArgumentException("what is: " + line);
    }
    return index;
  }

  private void connect() throws IOException {
    if (socket != null) {
      socket.close();
    }
    use(world.connect());
  }

  private void use(Socket connected) throws IOException {
    socket = connected;
    in = new java.io.BufferedInputStream(socket.getInputStream());
  }

  private void fault(String[] words) {
    world.carrier.ifPresent(carrier -> carrier.spare(true));
    if (words[1].equals("all")) {
      world.store.faults().failWhile(call -> true, Faults.When.BEFORE);
    } else {
      world.store.faults().failNext(Faults.Call.valueOf(words[1]), Faults.When.valueOf(words[2]));
    }
  }

  private int send(int index) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int i = index;
    for (; i < lines.size() && lines.get(i).startsWith("C"); i++) {
      String line = lines.get(i);
      at = line;
      if (line.startsWith("C*")) {
        String[] words = line.split(" ");
        out.write(octets(words[1].repeat(Integer.parseInt(words[2]))));
      } else if (line.startsWith("C64")) {
        out.write(Base64.getEncoder().encode(octets(line.substring(4))));
        out.write(octets("\\r\\n"));
      } else if (line.startsWith("C> ")) {
        out.write(octets(line.substring(3)));
      } else {
        out.write(octets(line.length() < 4 ? "" : line.substring(3)));
        out.write(octets("\\r\\n"));
      }
    }
    socket.getOutputStream().write(out.toByteArray());
    return i - 1;
  }

  private void expect(String expected) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int octet; (octet = in.read()) != '\n'; ) {
      assertThat(octet).as("closed after %s", line).isNotEqualTo(-1);
      line.write(octet);
    }
    assertMatches(line.toString(UTF_8), expected + "\r");
  }

  private static void assertMatches(String actual, String expected) {
    int any = expected.indexOf("{}");
    if (any < 0) {
      assertThat(actual).isEqualTo(expected);
    } else {
      assertThat(actual)
          .startsWith(expected.substring(0, any))
          .endsWith(expected.substring(any + 2));
    }
  }

  private int message(int index, String[] words) {
    String actual = world.message(words[1], Integer.parseInt(words[2]));
    StringBuilder expected = new StringBuilder();
    int i = index + 1;
    for (; i < lines.size() && lines.get(i).startsWith("|"); i++) {
      String line = lines.get(i);
      String raw = line.length() < 3 ? "" : line.substring(2);
      expected.append(new String(octets(raw), java.nio.charset.StandardCharsets.ISO_8859_1));
      expected.append(line.startsWith("|>") ? "" : "\r\n");
    }
    assertThat(actual).isEqualTo(expected.toString());
    return i - 1;
  }

  /** The octets that are meant: UTF-8 but for what is escaped. */
  private static byte[] octets(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        int end = Character.isHighSurrogate(c) ? i + 2 : i + 1;
        out.writeBytes(text.substring(i, end).getBytes(UTF_8));
        i = end - 1;
        continue;
      }
      i++;
      switch (text.charAt(i)) {
        case 'r' -> out.write('\r');
        case 'n' -> out.write('\n');
        case 't' -> out.write('\t');
        case '0' -> out.write(0);
        case '\\' -> out.write('\\');
        case 'x' -> {
          out.write(Integer.parseInt(text.substring(i + 1, i + 3), 16));
          i += 2;
        }
        default -> throw new IllegalArgumentException("escape in " + text);
      }
    }
    return out.toByteArray();
  }
}
