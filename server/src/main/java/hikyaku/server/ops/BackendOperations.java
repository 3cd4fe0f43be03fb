package hikyaku.server.ops;

import hikyaku.server.directory.CredentialMaker;
import hikyaku.server.directory.Credentials;
import hikyaku.server.directory.DirectoryException;
import hikyaku.server.foreign.Backend;
import hikyaku.server.foreign.BackendBook;
import hikyaku.server.foreign.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Foreign servers that serve accounts in place of this one. */
public final class BackendOperations implements AdminApi.Group {
  private final BackendBook book;
  private final CredentialMaker maker;

  public BackendOperations(BackendBook book, CredentialMaker maker) {
    this.book = book;
    this.maker = maker;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add(
        "GET", "backends", _ -> AdminResponse.ok(book.backends().stream().map(View::of).toList()));
    table.add("PUT", "backends/*", this::set);
    table.add("DELETE", "backends/*", this::remove);
  }

  private AdminResponse set(AdminRequest request) throws AdminException, DirectoryException {
    String name = request.part(1);
    Wanted wanted = request.json(Wanted.class);
    try {
      Backend backend =
          new Backend(
              name,
              endpoint(Endpoint.Protocol.IMAP, wanted.imap),
              endpoint(Endpoint.Protocol.POP3, wanted.pop3),
              wanted.unchecked,
              wanted.certificate.replace(":", "").toLowerCase(Locale.ROOT),
              wanted.proxy,
              wanted.localPart,
              wanted.master,
              sealed(name, wanted.masterPassword));
      book.set(backend);
      return AdminResponse.ok(View.of(backend));
    } catch (IllegalArgumentException e) {
      throw AdminException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<Endpoint> endpoint(Endpoint.Protocol protocol, String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Endpoint.parse(protocol, text));
  }

  private Optional<Credentials.Sealed> sealed(String name, @Nullable String password)
      throws DirectoryException {
    if (password == null) {
      return Optional.empty();
    }
    byte[] secret = password.getBytes(StandardCharsets.UTF_8);
    try {
      return Optional.of(maker.seal(Backend.sealedFor(name), secret));
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private AdminResponse remove(AdminRequest request) throws AdminException {
    if (!book.remove(request.part(1))) {
      throw AdminException.notFound("there is no foreign server " + request.part(1));
    }
    return AdminResponse.done();
  }

  /**
   * A foreign server as it is to be; see {@link Backend}.
   *
   * @param imap as scheme://host:port, or empty
   * @param pop3 as scheme://host:port, or empty
   * @param masterPassword null without a master user
   */
  public record Wanted(
      String imap,
      String pop3,
      boolean unchecked,
      String certificate,
      int proxy,
      boolean localPart,
      String master,
      @Nullable String masterPassword) {}

  /** A foreign server as it is shown. */
  public record View(
      String name,
      String imap,
      String pop3,
      boolean unchecked,
      String certificate,
      int proxy,
      boolean localPart,
      String master) {
    static View of(Backend backend) {
      return new View(
          backend.name(),
          backend.imap().map(Endpoint::toString).orElse(""),
          backend.pop3().map(Endpoint::toString).orElse(""),
          backend.unchecked(),
          backend.certificate(),
          backend.proxy(),
          backend.localPart(),
          backend.master());
    }
  }
}
