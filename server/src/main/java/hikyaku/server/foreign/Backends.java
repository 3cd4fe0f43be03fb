package hikyaku.server.foreign;

import hikyaku.mailbox.store.LogStore;
import hikyaku.server.auth.AuthContext;
import hikyaku.server.auth.ForeignLogins;
import hikyaku.server.auth.ForeignSession;
import hikyaku.server.auth.LoginResult;
import hikyaku.server.auth.Passwords;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs in at the foreign servers of a book. */
public final class Backends implements ForeignLogins, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  private final BackendBook book;
  private final ForeignSettings settings;
  private final Passwords passwords;
  private final MeterRegistry meters;
  private final LogStore.Registration hints;

  public Backends(
      BackendBook book, ForeignSettings settings, Passwords passwords, MeterRegistry meters) {
    this.book = book;
    this.settings = settings;
    this.passwords = passwords;
    this.meters = meters;
    this.hints = book.hints(() -> Thread.ofVirtual().name("backends").start(this::look));
    List<Backend> unused = book.backends();
  }

  /** Only what is advertised depends on it: a hint that is lost costs nothing else. */
  private void look() {
    try {
      List<Backend> unused = book.backends();
    } catch (RuntimeException e) {
      LOG.atWarn().addKeyValue("cause", e.getMessage()).log("foreign servers could not be read");
    }
  }

  @Override
  public boolean needPasswords() {
    return book.known().stream().anyMatch(backend -> backend.master().isEmpty());
  }

  @Override
  public Optional<ForeignLogins.Door> door(String name) {
    return book.backend(name).map(Door::new);
  }

  @Override
  public void close() {
    hints.close();
  }

  private final class Door implements ForeignLogins.Door {
    private final Backend backend;

    Door(Backend backend) {
      this.backend = backend;
    }

    @Override
    public boolean hasMaster() {
      return !backend.master().isEmpty();
    }

    @Override
    public Answer enter(AuthContext context, String user, byte @Nullable [] password) {
      String name = backend.localPart() ? user.substring(0, user.lastIndexOf('@')) : user;
      if (!hasMaster()) {
        return password == null
            ? new Answer.Refused(new LoginResult.BadCredentials())
            : enter(context, new Secrets(name, password));
      }
      Optional<byte[]> master =
          backend
              .masterPassword()
              .flatMap(sealed -> passwords.open(Backend.sealedFor(backend.name()), sealed));
      if (master.isEmpty()) {
        return away(context, "the password of its master user was sealed with another key");
      }
      try {
        return enter(context, new Secrets(name + "*" + backend.master(), master.get()));
      } finally {
        Arrays.fill(master.get(), (byte) 0);
      }
    }

    private Answer enter(AuthContext context, Secrets secrets) {
      Optional<Endpoint> endpoint =
          switch (context.service()) {
            // Who sends mail proves it where the mail is read.
            case IMAP, SUBMISSION -> backend.imap();
            case POP3 -> backend.pop3();
            case MANAGESIEVE, JMAP -> Optional.empty();
          };
      if (endpoint.isEmpty()) {
        return new Answer.Refused(new LoginResult.NotAuthorized());
      }
      if (!secrets.areUsable() || !secrets.isOneLine()) {
        return new Answer.Refused(new LoginResult.BadCredentials());
      }
      try {
        return enter(context, endpoint.get(), secrets);
      } catch (IOException e) {
        return away(context, String.valueOf(e.getMessage()));
      }
    }

    private Answer enter(AuthContext context, Endpoint endpoint, Secrets secrets)
        throws IOException {
      Dialogue dialogue = Dialogue.connect(backend, endpoint, context, settings);
      boolean stays = false;
      try {
        List<String> capabilities = List.of();
        Optional<LoginResult.Refused> refused;
        if (endpoint.protocol() == Endpoint.Protocol.IMAP) {
          ImapLogin login = new ImapLogin(dialogue, backend);
          refused = login.run(endpoint, context, secrets);
          capabilities = login.capabilities();
        } else {
          refused = new Pop3Login(dialogue).run(endpoint, context, secrets);
        }
        count(refused.isPresent() ? "refused" : "in");
        if (refused.isEmpty()) {
          dialogue.loggedIn();
          stays = true;
          return new Answer.Admitted(
              new Session(backend.name(), capabilities, dialogue.in(), dialogue.out(), dialogue));
        }
        return new Answer.Refused(refused.get());
      } finally {
        if (!stays) {
          dialogue.close();
        }
      }
    }

    private Answer away(AuthContext context, String cause) {
      count("away");
      LOG.atWarn()
          .addKeyValue("session", context.session())
          .addKeyValue("backend", backend.name())
          .addKeyValue("service", context.service())
          .addKeyValue("cause", cause)
          .log("a foreign server lets nobody in now");
      return new Answer.Refused(new LoginResult.Unavailable());
    }

    private void count(String result) {
      Counter.builder("hikyaku.foreign.logins")
          .description("Logins at foreign servers by what became of them")
          .tag("backend", backend.name())
          .tag("result", result)
          .register(meters)
          .increment();
    }
  }

  private record Session(
      String backend,
      List<String> capabilities,
      InputStream in,
      OutputStream out,
      Dialogue dialogue)
      implements ForeignSession {
    @Override
    public void close() {
      try {
        dialogue.close();
      } catch (IOException e) {
        LOG.atDebug().setCause(e).log("closing a foreign session");
      }
    }
  }
}
