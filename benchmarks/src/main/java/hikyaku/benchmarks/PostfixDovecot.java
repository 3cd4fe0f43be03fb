package hikyaku.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * Postfix before Dovecot, with directories, ports and processes of their own, set up as a small
 * provider would: mail in Maildirs, delivered by LMTP, logins by long-lived processes. Their limits
 * are lifted where they would stand in the way of a load from one address, and Dovecot synchronizes
 * what it says it has, as Postfix does of itself. Needs root: both start as it.
 */
final class PostfixDovecot implements AutoCloseable {
  private static final String DOVECOT = "/usr/sbin/dovecot";
  private static final String DOMAIN = "bench.test";

  private static final String DOVECOT_CONFIGURATION =
      """
      base_dir = @DIR@/run
      state_dir = @DIR@/run
      log_path = @DIR@/dovecot.log
      protocols = imap pop3 lmtp
      listen = 127.0.0.1
      ssl = yes
      ssl_cert = <@CERT@
      ssl_key = <@KEY@
      disable_plaintext_auth = no
      auth_mechanisms = plain login
      auth_cache_size = 10M
      mail_location = maildir:@DIR@/mail/%u
      mail_uid = mail
      mail_gid = mail
      first_valid_uid = 1
      first_valid_gid = 1
      mail_fsync = @FSYNC@
      namespace inbox {
        inbox = yes
        mailbox Sent {
          auto = create
        }
      }
      mail_max_userip_connections = 20000
      default_process_limit = 20000
      default_client_limit = 20000
      default_vsz_limit = 4G
      passdb {
        driver = passwd-file
        args = scheme=PLAIN username_format=%u @DIR@/users
      }
      userdb {
        driver = static
        args = uid=mail gid=mail home=@DIR@/mail/%u allow_all_users=yes
      }
      service imap-login {
        service_count = 0
        process_min_avail = 2
        inet_listener imap {
          port = @IMAP@
        }
        inet_listener imaps {
          port = @IMAPS@
          ssl = yes
        }
      }
      service imap {
        service_count = 100
        process_limit = 20000
      }
      service pop3-login {
        service_count = 0
        process_min_avail = 2
        inet_listener pop3 {
          port = @POP3@
        }
        inet_listener pop3s {
          port = 0
        }
      }
      service pop3 {
        service_count = 100
        process_limit = 2000
      }
      service lmtp {
        process_limit = 500
        inet_listener lmtp {
          address = 127.0.0.1
          port = @LMTP@
        }
      }
      """;

  private final Path directory;
  private final Target target;
  private final Postfix postfix;
  private final double secondsToStart;

  private PostfixDovecot(Path directory, Target target, Postfix postfix, double secondsToStart) {
    this.directory = directory;
    this.target = target;
    this.postfix = postfix;
    this.secondsToStart = secondsToStart;
  }

  /** What is missing of the programs; empty if nothing is. */
  static List<String> missing() {
    List<String> missing = new ArrayList<>();
    if (!Files.isExecutable(Path.of(DOVECOT))) {
      missing.add("dovecot-imapd");
    }
    if (!Files.isExecutable(Path.of("/usr/lib/dovecot/pop3"))) {
      missing.add("dovecot-pop3d");
    }
    if (!Files.isExecutable(Path.of("/usr/lib/dovecot/lmtp"))) {
      missing.add("dovecot-lmtpd");
    }
    missing.addAll(Postfix.missing());
    return missing;
  }

  /**
   * Starts both.
   *
   * @param fsync Dovecot's {@code mail_fsync}
   */
  static PostfixDovecot start(Path directory, List<String> users, String password, String fsync)
      throws IOException, InterruptedException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    int[] ports = Node.freePorts(5);
    Target target =
        new Target(
            "127.0.0.1", ports[0], ports[1], ports[2], ports[3], ports[4], users, password, 0);
    Certificate certificate = Certificate.in(directory);
    configure(directory, target, certificate, fsync);
    long began = System.nanoTime();
    Postfix.run(directory, DOVECOT, "-c", directory.resolve("dovecot.conf").toString());
    Postfix postfix =
        Postfix.start(directory.resolve("postfix"), target.smtp(), postfixSettings(target));
    PostfixDovecot started =
        new PostfixDovecot(directory, target, postfix, (System.nanoTime() - began) / 1e9);
    try {
      Postfix.awaitGreeting(target.imap(), "* OK");
      postfix.awaitGreeting();
      return new PostfixDovecot(directory, target, postfix, (System.nanoTime() - began) / 1e9);
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private static void configure(
      Path directory, Target target, Certificate certificate, String fsync)
      throws IOException, InterruptedException {
    Files.createDirectories(directory.resolve("mail"));
    Files.writeString(
        directory.resolve("dovecot.conf"),
        filled(DOVECOT_CONFIGURATION.replace("@FSYNC@", fsync), directory, target, certificate));
    StringBuilder users = new StringBuilder();
    for (String user : target.users()) {
      users.append(user).append(":{PLAIN}").append(target.password()).append('\n');
    }
    Files.writeString(directory.resolve("users"), users);
    Postfix.run(directory, "chown", "mail:mail", directory.resolve("mail").toString());
  }

  private static String postfixSettings(Target target) {
    return """
    mydestination =
    virtual_mailbox_domains = @DOMAIN@
    virtual_mailbox_maps = static:all
    virtual_transport = lmtp:inet:127.0.0.1:@LMTP@
    """
        .replace("@DOMAIN@", DOMAIN)
        .replace("@LMTP@", Integer.toString(target.lmtp()));
  }

  private static String filled(
      String text, Path directory, Target target, Certificate certificate) {
    return text.replace("@DIR@", directory.toString())
        .replace("@CERT@", certificate.chain().toString())
        .replace("@KEY@", certificate.key().toString())
        .replace("@LMTP@", Integer.toString(target.lmtp()))
        .replace("@IMAP@", Integer.toString(target.imap()))
        .replace("@IMAPS@", Integer.toString(target.imaps()))
        .replace("@POP3@", Integer.toString(target.pop3()));
  }

  Target target() {
    return target;
  }

  /** From nothing to both greetings. */
  double secondsToStart() {
    return secondsToStart;
  }

  /** Waits until all mail that Postfix has accepted is delivered. */
  void settle() throws IOException, InterruptedException {
    postfix.settle();
  }

  /** All their processes. */
  List<Long> processes() throws IOException {
    List<Long> all = new ArrayList<>();
    for (long master : masters()) {
      ProcessHandle.of(master)
          .ifPresent(handle -> {
            all.add(master);
            handle.descendants().map(ProcessHandle::pid).forEach(all::add);
          });
    }
    return all;
  }

  private List<Long> masters() throws IOException {
    List<Long> masters = new ArrayList<>();
    for (Path path : List.of(directory.resolve("run/master.pid"), postfix.masterFile())) {
      if (Files.exists(path)) {
        masters.add(Postfix.pid(path));
      }
    }
    return masters;
  }

  /** Octets of disk that mail takes, in whole blocks. */
  long mailOctets() throws IOException, InterruptedException {
    return Node.diskOctets(directory.resolve("mail"));
  }

  @Override
  public void close() throws IOException {
    try {
      Postfix.end(masters());
    } finally {
      Node.delete(directory);
    }
  }
}
