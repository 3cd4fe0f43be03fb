package hikyaku.systemtests.internet;

import java.io.IOException;
import java.nio.file.Files;

/**
 * Other people's Sendmail, which heeds by when mail is wanted (DELIVERBY, RFC 2852). All mail for
 * its domain is kept.
 */
final class Sendmail {
  static final String DOMAIN = "sendmail.example";
  static final String NAME = "mx." + DOMAIN;

  /**
   * Tabs are between what a rule looks for and what it makes of that. A mailer that is not told the
   * user is taken for one that speaks SMTP.
   */
  private static final String CONFIGURATION =
      """
      V10/Berkeley
      Dj%1$s
      DnMAILER-DAEMON
      Cw%2$s
      O QueueDirectory=/var/spool/mqueue
      O PidFile=/var/spool/pid
      O DaemonPortOptions=Name=MTA, Family=inet, Addr=0.0.0.0, Port=25
      O LogLevel=9
      O DefaultUser=65534:65534
      O DontBlameSendmail=GroupWritableDirPathSafe
      O CACertFile=/etc/tls/certificate
      O ServerCertFile=/etc/tls/certificate
      O ServerKeyFile=/etc/tls/key
      H?P?Return-Path: <$g>
      HReceived: from $s by $j (Sendmail) with $r id $i; $b
      H?D?Date: $a
      H?M?Message-Id: <$t.$i@$j>
      H?F?From: $f
      Scanonify=3
      R$*<$*>$*\t$: $2
      R$+@$+\t$: $1<@$2>
      Sparse=0
      R$+<@$=w>\t$#local $: $1
      R$+<@$+>\t$#smtp $@ $2 $: $1@$2
      R$+\t$#local $: $1
      Sfinal=4
      R$*<@$+>$*\t$1@$2
      Mlocal, P=/bin/sh, F=lsDFMPn, T=DNS/RFC822/X-Unix, A=sh /etc/mail/keep $u
      Msmtp, P=[IPC], F=mDFMuX, E=\\r\\n, T=DNS/RFC822/SMTP, A=TCP $h
      """;

  /** It appears under its name when it is whole. */
  private static final String KEEP =
      "cd /var/mail/" + DOMAIN + " && cat >tmp/$$ && mv tmp/$$ new/$$\n";

  private Sendmail() {}

  static void start(Host host, Authority authority) throws IOException {
    host.etc("tls/certificate", Files.readString(authority.certificate(NAME)));
    // It uses no key that others might read.
    host.secret("tls/key", Files.readString(authority.key(NAME)));
    host.etc("mail/sendmail.cf", CONFIGURATION.formatted(NAME, DOMAIN));
    host.etc("mail/keep", KEEP);
    // A machine whose name is no full one, or is not known, makes it wait for a better one.
    host.etc("hosts", "127.0.0.1 localhost\n" + host.machine().address() + " " + NAME + "\n");
    host.open("mail/" + DOMAIN + "/tmp");
    host.open("mail/" + DOMAIN + "/new");
    Files.createDirectories(host.var("spool/mqueue"));
    host.launch(
        "unshare",
        "--uts",
        "sh",
        "-c",
        "hostname \"$1\" && exec /usr/libexec/sendmail/sendmail -bD -C /etc/mail/sendmail.cf"
            + " -q10s -X /var/traffic",
        "sendmail",
        NAME);
  }
}
