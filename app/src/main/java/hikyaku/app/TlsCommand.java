package hikyaku.app;

import hikyaku.app.command.Where;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hikyaku tls}. */
@Command(
    name = "tls",
    description = "The certificates: show them, or have them read again.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TlsCommand.Show.class, TlsCommand.Reload.class})
final class TlsCommand {
  /** {@code tls show}. */
  @Command(name = "show", description = "Show the certificates that clients are shown.")
  static final class Show implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() throws Failure {
      var configuration = where.settings().configuration();
      Certificates certificates =
          new Certificates(
              configuration.tls(),
              configuration.data().resolve("tls"),
              configuration.hostname(),
              Clock.systemUTC());
      PrintWriter out = spec.commandLine().getOut();
      try {
        Certificates.Reading reading = certificates.look();
        if (reading.found().isEmpty() && reading.problems().isEmpty()) {
          throw new Failure("There is no certificate yet; the first start of a node makes one.");
        }
        for (Certificates.Found one : reading.found()) {
          if (!one.equals(reading.found().getFirst())) {
            out.println();
          }
          print(out, one);
        }
        if (!reading.problems().isEmpty()) {
          throw new Failure("These cannot be used: " + String.join("; ", reading.problems()) + ".");
        }
        return 0;
      } catch (IOException | CertificateEncodingException e) {
        throw new Failure("The certificate cannot be used: " + Reason.of(e) + ".", e);
      }
    }

    private static void print(PrintWriter out, Certificates.Found found)
        throws CertificateEncodingException {
      X509Certificate certificate = found.leaf();
      Instant end = certificate.getNotAfter().toInstant();
      long days = Duration.between(Instant.now(), end).toDays();
      out.println("File         " + found.file());
      out.println("Subject      " + certificate.getSubjectX500Principal().getName());
      out.println("Names        " + String.join(", ", found.credential().names()));
      out.println(
          "Issuer       "
              + (found.isSelfMade()
                  ? "itself: clients must be told to trust it"
                  : certificate.getIssuerX500Principal().getName()));
      out.println("Valid until  " + end + (days < 0 ? ", which is past" : ", " + days + " days"));
      out.println("SHA-256      " + fingerprint(certificate.getEncoded()));
    }

    private static String fingerprint(byte[] encoded) {
      try {
        return HexFormat.ofDelimiter(":")
            .formatHex(MessageDigest.getInstance("SHA-256").digest(encoded))
            .toUpperCase(Locale.ROOT);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /** {@code tls reload}. */
  @Command(
      name = "reload",
      description = "Have the running node read its certificates again, after they were renewed.")
  static final class Reload implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Override
    public Integer call() throws Failure {
      try (Door door = Door.open(where.settings().configuration())) {
        door.call(Door.Call.of("POST", "tls", "reload"));
      }
      spec.commandLine().getOut().println("Sessions that begin now get the new certificates.");
      return 0;
    }
  }
}
