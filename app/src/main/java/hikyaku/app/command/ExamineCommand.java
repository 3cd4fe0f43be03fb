package hikyaku.app.command;

import hikyaku.app.Failure;
import hikyaku.app.config.Configuration;
import hikyaku.app.transfer.LineEndings;
import hikyaku.server.dns.CachingDns;
import hikyaku.server.origin.Examination;
import hikyaku.server.origin.Finding;
import hikyaku.server.origin.Origin;
import hikyaku.server.origin.Passage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hikyaku examine}: of a file, with DNS; no node is needed. */
@Command(
    name = "examine",
    description = {
      "Say whom a message is from, as far as DNS knows now, and what would become",
      "of it if another server brought it. Nothing is delivered."
    })
public final class ExamineCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Parameters(index = "0", paramLabel = "MESSAGE", description = "The message's file.")
  private Path message;

  @Option(
      names = "--client",
      paramLabel = "ADDRESS",
      required = true,
      description = "The IP address of the server that brings it.")
  private String client;

  @Option(
      names = "--helo",
      paramLabel = "NAME",
      defaultValue = "localhost",
      description = "How that calls itself; ${DEFAULT-VALUE} if not given.")
  private String helo;

  @Option(
      names = "--from",
      paramLabel = "ADDRESS",
      defaultValue = "",
      description = "The sender in the envelope; none if not given.")
  private String from;

  @Override
  public Integer call() throws Failure {
    Configuration configuration = where.settings().configuration();
    InetAddress address;
    CachingDns dns;
    try {
      address = InetAddress.ofLiteral(client);
      dns = new CachingDns(configuration.dns());
    } catch (IllegalArgumentException e) {
      throw new Failure(e.getMessage() + ".", e);
    }
    Screen screen = new Screen(spec.commandLine().getOut());
    try (Origin origin =
        new Origin(
            configuration.origin().named(configuration.hostname()),
            dns,
            InstantSource.system(),
            new SimpleMeterRegistry())) {
      if (!configuration.origin().enabled() || origin.isTrusted(address)) {
        screen.line("Mail from " + client + " is not examined.");
        return 0;
      }
      Finding finding = examine(origin, address);
      finding.field().lines().forEach(screen::line);
      screen.line("");
      screen.line(told(finding.disposition()));
      finding
          .explanation()
          .ifPresent(said -> screen.line(said.domain() + " explains: " + said.text()));
      return 0;
    } catch (IOException e) {
      throw new Failure("The message cannot be read: " + e.getMessage() + ".", e);
    }
  }

  private Finding examine(Origin origin, InetAddress address) throws IOException {
    int at = from.lastIndexOf('@');
    String localPart = at < 0 ? "" : from.substring(0, at);
    try (Examination examination =
        origin.examine(address, helo, localPart, from.substring(at + 1), "examine")) {
      Passage through = examination.through((_, _, _) -> {});
      through.write(LineEndings.toNetwork(Files.readAllBytes(message)));
      through.end();
      return examination.finish();
    }
  }

  private static String told(Finding.Disposition disposition) {
    return switch (disposition) {
      case ACCEPT -> "It would be taken.";
      case JUNK -> "It would go to the mailbox for junk.";
      case REFUSE_DMARC -> "It would be refused with 550 5.7.26, by DMARC.";
      case REFUSE_SPF -> "It would be refused with 550 5.7.23, by SPF.";
      case DEFER_SPF -> "It would be put off with 451 4.7.24, for SPF cannot be checked now.";
      case DEFER_DNS -> "It would be put off with 451 4.4.3, for DNS does not answer.";
    };
  }
}
