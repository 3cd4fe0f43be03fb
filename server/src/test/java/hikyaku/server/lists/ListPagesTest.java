package hikyaku.server.lists;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.MailboxLimits;
import hikyaku.mailbox.store.memory.MemoryStore;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.DirectoryLimits;
import hikyaku.server.directory.DomainSettings;
import hikyaku.server.directory.EmbeddedDirectory;
import hikyaku.server.directory.EmbeddedDirectoryAdmin;
import hikyaku.server.dkim.Signer;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import hikyaku.server.ops.ListPages;
import hikyaku.server.testing.TrustEveryone;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a mail program does with a link to leave (RFC 8058), over HTTPS. */
class ListPagesTest {
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
        ListPages pages =
            new ListPages(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                tls.context(),
                new ListDesk(
                    "mx.demo.test",
                    ListSettings.DEFAULTS,
                    book,
                    mail,
                    _ -> new byte[32],
                    Signer.NONE,
                    Forgery.NEVER,
                    clock));
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
