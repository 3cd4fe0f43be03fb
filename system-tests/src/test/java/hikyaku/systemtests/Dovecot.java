package hikyaku.systemtests;

import hikyaku.fixtures.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Dovecot of its own, with users from a file. It needs root, which its processes give up. */
final class Dovecot implements AutoCloseable {
  /** Debian's place, which is not on everybody's path. */
  private static final String PROGRAM = "/usr/sbin/dovecot";

  static final String MASTER = "boss";
  static final String MASTER_PASSWORD = "boss-word-there";

  /** What it listens on. */
  enum Port {
    IMAP,
    IMAPS,
    /** IMAP behind a header of the PROXY protocol. */
    PROXIED,
    POP3,
    LMTP,
    /** Where a Postfix asks who may log in. */
    SASL
  }

  private static final String CONFIGURATION =
      """
      base_dir = @DIR@/run
      state_dir = @DIR@/run
      log_path = @DIR@/log
      protocols = imap pop3
      listen = 127.0.0.1
      ssl = yes
      ssl_cert = <@DIR@/cert.pem
      ssl_key = <@DIR@/key.pem
      login_trusted_networks = 127.0.0.0/8
      haproxy_trusted_networks = 127.0.0.0/8
      auth_mechanisms = plain login
      auth_master_user_separator = *
      mail_location = maildir:@DIR@/mail/%u
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%u @DIR@/masters
        master = yes
      }
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%u @DIR@/users
      }
      userdb {
        driver = static
        args = uid=mail gid=mail home=@DIR@/mail/%u
      }
      service imap-login {
        inet_listener imap {
          port = @IMAP@
        }
        inet_listener imaps {
          port = @IMAPS@
          ssl = yes
        }
        inet_listener imap_proxied {
          port = @PROXIED@
          haproxy = yes
        }
      }
      service pop3-login {
        inet_listener pop3 {
          port = @POP3@
        }
        inet_listener pop3s {
          port = 0
        }
      }
      """;

  private final Path directory;
  private final Map<Port, Integer> ports = new EnumMap<>(Port.class);

  /**
   * Starts one.
   *
   * @param directory empty, readable by all
   * @param users each as name:password
   */
  Dovecot(Path directory, String... users) throws Exception {
    this(directory, CONFIGURATION, List.of(users));
  }

  /**
   * Starts one that is configured otherwise.
   *
   * @param configuration in which {@code @DIR@} and {@code @PORT@}, by the names of {@link Port},
   *     stand for what is known only now
   */
  Dovecot(Path directory, String configuration, List<String> users) throws Exception {
    this.directory = directory;
    Iterator<Integer> free = Machine.freePorts(Port.values().length).iterator();
    for (Port port : Port.values()) {
      ports.put(port, free.next());
    }
    Files.createDirectories(directory.resolve("mail"));
    String text = configuration.replace("@DIR@", directory.toString());
    for (Map.Entry<Port, Integer> port : ports.entrySet()) {
      text = text.replace("@" + port.getKey() + "@", port.getValue().toString());
    }
    Files.writeString(directory.resolve("dovecot.conf"), text);
    StringBuilder known = new StringBuilder();
    for (String user : users) {
      known.append(user.replaceFirst(":", ":{PLAIN}")).append('\n');
    }
    Files.writeString(directory.resolve("users"), known);
    Files.writeString(directory.resolve("masters"), MASTER + ":{PLAIN}" + MASTER_PASSWORD + "\n");
    String certificate =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2"
            + " -subj /CN=localhost";
    Ran.in(directory, certificate.split(" ")).ok();
    Ran.in(directory, "chown", "-R", "mail:mail", "mail").ok();
    start();
  }

  int port(Port port) {
    return ports.get(port);
  }

  /** The SHA-256 of its certificate, as openssl shows it. */
  String certificate() throws IOException, InterruptedException {
    String shown =
        Ran.in(directory, "openssl", "x509", "-in", "cert.pem", "-noout", "-fingerprint", "-sha256")
            .ok()
            .output();
    return shown.substring(shown.indexOf('=') + 1).strip();
  }

  /** What it has written to its log. */
  String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }

  void start() throws IOException, InterruptedException {
    Ran.in(directory, PROGRAM, "-c", directory.resolve("dovecot.conf").toString()).ok();
  }

  /** Ends it, and waits until it has ended. */
  @Override
  public void close() throws IOException, InterruptedException {
    Path file = directory.resolve("run/master.pid");
    if (Files.exists(file)) {
      long pid = Long.parseLong(Files.readString(file).strip());
      ProcessHandle master = ProcessHandle.of(pid).orElse(null);
      if (master != null) {
        master.destroy();
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        // Where nobody reaps what is left of it, it seems to live; its file goes last.
        while (master.isAlive() && Files.exists(file) && System.nanoTime() < deadline) {
          TimeUnit.MILLISECONDS.sleep(20);
        }
      }
    }
  }
}
