package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.mtasts.OwnPolicies;
import hikyaku.server.mtasts.OwnPolicySettings;
import hikyaku.server.mtasts.StsPolicy;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import hikyaku.server.ops.PublicPages;
import hikyaku.server.testing.TrustEveryone;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What mail programs and other servers ask for, over HTTPS. */
class PublicPagesTest {
  private static final Address NEWS = new Address("news", "demo.test");
  private static final Address ANN = new Address("ann", "far.test");

  @Test
  void aPostWithAGoodTokenLeavesAndNothingElseDoes() throws Exception {
    Clock clock = Clock.systemUTC();
    MemoryStore store = new MemoryStore(clock);
    EmbeddedDirectory directory =
        new EmbeddedDirectory(store.logs(), DirectoryLimits.DEFAULTS, Optional.empty());
    EmbeddedDirectoryAdmin admin = new EmbeddedDirectoryAdmin(directory, null, new Random(1));
    admin.createDomain("demo.test", DomainSettings.DEFAULTS);
    ListBook book = new ListBook(store.logs(), ListSettings.DEFAULTS, new Random(2), clock);
    MailingList made =
        book.create(
            admin,
            NEWS,
            new MailingList.Settings(ListKind.DISCUSSION, "", false, AuthorField.KEEP),
            List.of(new Address("boss", "demo.test")));
    assertThat(made.members()).isEmpty();
    assertThat(book.add(NEWS, ANN)).isTrue();
    String id = book.list(NEWS).orElseThrow().member(ANN).orElseThrow().id();
    String token = new Tokens(_ -> new byte[32]).token(Tokens.Purpose.LEAVE, NEWS, id);
    TlsContext tls = TlsContext.of(List.of(SelfSigned.create(List.of("localhost"), Instant.now())));
    try (MailStore mail = new MailStore(store, clock, MailboxLimits.DEFAULT);
        PublicPages pages =
            new PublicPages(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                tls.context(),
                new ListDesk(
                    "mx.demo.test",
                    ListSettings.DEFAULTS,
                    book,
                    mail,
                    _ -> new byte[32],
                    Signer.NONE,
                    Sealer.NONE,
                    Forgery.NEVER,
                    clock),
                new OwnPolicies(
                    new OwnPolicySettings(
                        List.of("here.test"),
                        StsPolicy.Mode.ENFORCE,
                        List.of("MX.demo.test", "*.mx.test"),
                        Duration.ofDays(7)),
                    "mx.demo.test",
                    domain -> domain.equals("here.test")));
        HttpClient client =
            HttpClient.newBuilder().sslContext(TrustEveryone.context("TLSv1.3")).build()) {
      pages.start();
      String base = "https://localhost:" + pages.address().getPort() + "/leave/demo.test/news/";
      String bad = token.substring(0, 19) + (token.endsWith("a") ? "b" : "a");
      for (String path : List.of(bad, "", "../..", token + "/x", "%00")) {
        assertThat(send(client, base + path, "POST").statusCode()).as(path).isEqualTo(404);
      }
      assertThat(send(client, base.replace("news", "olds") + token, "POST").statusCode())
          .isEqualTo(404);
      HttpResponse<String> asked = send(client, base + token, "GET");
      assertThat(asked.statusCode()).isEqualTo(200);
      assertThat(asked.body()).contains("<form method=\"post\">", "ann@far.test");
      assertThat(send(client, base + token, "DELETE").statusCode()).isEqualTo(405);
      assertThat(book.list(NEWS).orElseThrow().member(ANN)).isPresent();
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> done = send(client, base + token, "POST");
        assertThat(done.statusCode()).isEqualTo(200);
        assertThat(done.headers().firstValue("set-cookie")).isEmpty();
        assertThat(book.list(NEWS).orElseThrow().members()).isEmpty();
      }
      assertThat(send(client, base + token, "GET").body()).doesNotContain("<form");
      policy(pages.address().getPort());
    }
  }

  /** Under the names of policy hosts alone, which these connections only say. */
  private static void policy(int port) throws Exception {
    assertThat(asked(port, "GET", "Mta-Sts.here.test"))
        .startsWith("HTTP/1.1 200 ")
        .contains("\r\nContent-type: text/plain\r\n")
        .endsWith(
            "\r\n\r\nversion: STSv1\r\nmode: enforce\r\nmx: mx.demo.test\r\nmx: *.mx.test\r\n"
                + "max_age: 604800\r\n");
    assertThat(asked(port, "GET", "mta-sts.here.test:" + port)).startsWith("HTTP/1.1 200 ");
    assertThat(asked(port, "POST", "mta-sts.here.test")).startsWith("HTTP/1.1 405 ");
    for (String other : List.of("here.test", "mta-sts.demo.test", "localhost", "mta-sts.")) {
      assertThat(asked(port, "GET", other)).as(other).startsWith("HTTP/1.1 404 ");
    }
  }

  private static String asked(int port, String method, String host) throws Exception {
    try (Socket socket =
        TrustEveryone.context("TLSv1.3")
            .getSocketFactory()
            .createSocket(InetAddress.getLoopbackAddress(), port)) {
      String request =
          "%s /.well-known/mta-sts.txt HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
              .formatted(method, host);
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  private static HttpResponse<String> send(HttpClient client, String uri, String method)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(uri))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method(method, HttpRequest.BodyPublishers.ofString("List-Unsubscribe=One-Click"))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }
}
