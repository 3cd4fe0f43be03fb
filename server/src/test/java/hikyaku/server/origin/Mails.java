package hikyaku.server.origin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import hikyaku.server.net.AddressPrefix;
import hikyaku.server.testing.ZoneDns;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** Messages that others have signed, and what examines them. */
final class Mails {
  static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");

  static final OriginSettings SETTINGS =
      new OriginSettings(
          true,
          "mx.demo.test",
          List.of(),
          List.of(AddressPrefix.parse("198.51.100.0/24")),
          List.of("list1.example", "list2.example"),
          OriginSettings.Action.REFUSE,
          OriginSettings.Action.JUNK,
          OriginSettings.Action.ACCEPT,
          OriginSettings.Unsure.ACCEPT,
          Duration.ofSeconds(20),
          100,
          8,
          16 * 1024,
          true);

  private Mails() {}

  static String read(String resource) throws IOException {
    try (InputStream in = Mails.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), ISO_8859_1);
    }
  }

  /** A zone with the key of those who signed. */
  static ZoneDns zone() throws IOException {
    ZoneDns zone = new ZoneDns();
    for (String domain : List.of("author.example", "list1.example", "list2.example")) {
      zone.with("sel._domainkey." + domain, "TXT", read("key.txt").strip());
    }
    return zone;
  }

  /**
   * What passes, and what was found.
   *
   * @param piece octets of each write
   */
  record Examined(Finding finding, String passed) {
    List<String> results() {
      return finding.results();
    }
  }

  static Examined examine(
      OriginSettings settings, ZoneDns dns, String client, String sender, String text, int piece)
      throws IOException {
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    int at = sender.lastIndexOf('@');
    try (Origin origin =
            new Origin(settings, dns, InstantSource.fixed(NOW), new SimpleMeterRegistry());
        Examination examination =
            origin.examine(
                InetAddress.ofLiteral(client),
                "helo.author.example",
                at < 0 ? "" : sender.substring(0, at),
                sender.substring(at + 1),
                "t1")) {
      var through = examination.through(passed::write);
      byte[] octets = text.getBytes(ISO_8859_1);
      for (int i = 0; i < octets.length; i += piece) {
        through.write(octets, i, Math.min(piece, octets.length - i));
      }
      through.end();
      return new Examined(examination.finish(), passed.toString(ISO_8859_1));
    }
  }

  static Examined examine(ZoneDns dns, String sender, String text) throws IOException {
    return examine(SETTINGS, dns, "192.0.2.1", sender, text, 1_000);
  }
}
