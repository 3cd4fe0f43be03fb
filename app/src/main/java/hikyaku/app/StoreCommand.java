package hikyaku.app;

import hikyaku.app.command.Where;
import hikyaku.app.config.Configuration;
import hikyaku.app.config.StoreSettings;
import hikyaku.app.config.StoreSettings.Engine;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreCopy;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hikyaku store}: moving from one engine to another. */
@Command(
    name = "store",
    description = "Where everything durable is kept.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = StoreCommand.Copy.class)
final class StoreCommand {
  private StoreCommand() {}

  /** {@code store copy}. */
  @Command(
      name = "copy",
      description = {
        "Copy all mail, accounts and settings into another engine, and compare the two.",
        "No node may run on either. A copy that was cut off is taken up by saying the same again."
            + " The source stays as it is."
      })
  static final class Copy implements Callable<Integer> {
    private static final long MOST_PROBLEMS = 20;

    @Spec private CommandSpec spec;
    @Mixin private Where where;

    @Option(
        names = "--to",
        required = true,
        paramLabel = "ENGINE",
        description = "embedded or postgres, which the configuration says how to reach.")
    private String to;

    @Override
    public Integer call() throws Failure {
      Configuration configuration = where.settings().configuration();
      Engine target = engine(to);
      Engine source = target == Engine.EMBEDDED ? Engine.POSTGRES : Engine.EMBEDDED;
      if (source == Engine.EMBEDDED && !DataDirectory.exists(configuration.data())) {
        throw new Failure("There is no data in " + configuration.data() + " to copy.");
      }
      StoreSettings settings = configuration.store();
      Clock clock = Clock.systemUTC();
      try (DataDirectory data = take(configuration);
          Store from = Core.openStore(data, settings.on(source), clock);
          Store into = Core.openStore(data, settings.on(target), clock)) {
        copy(from, into);
        data.noteEngine(target);
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
            "The two are the same. Set store.engine = \"%s\" before you start the node.%n",
            name(target));
        return 0;
      } catch (IOException | StoreException | IllegalStateException e) {
        throw new Failure("The store cannot be copied: " + Reason.of(e) + ".", e);
      }
    }

    private static Engine engine(String name) throws Failure {
      for (Engine engine : Engine.values()) {
        if (name(engine).equals(name)) {
          return engine;
        }
      }
      throw new Failure("There is no engine " + name + "; there are embedded and postgres.");
    }

    private static String name(Engine engine) {
      return engine.name().toLowerCase(Locale.ROOT);
    }

    private void copy(Store from, Store into) throws Failure {
      PrintWriter out = spec.commandLine().getOut();
      StoreCopy copy = new StoreCopy(from, into);
      StoreCopy.Progress done =
          copy.run(progress -> {
            out.printf("%d contents, %d logs%n", progress.blobs(), progress.logs());
            out.flush();
          });
      out.printf("Copied %d contents and %d logs; comparing.%n", done.blobs(), done.logs());
      out.flush();
      AtomicLong problems = new AtomicLong();
      copy.compare(problem -> tell(problem, problems));
      Object unused = into.verify(problem -> tell(problem, problems));
      if (problems.get() > 0) {
        throw new Failure(
            "The copy is not sound: " + problems.get() + " problems. Keep the source.");
      }
    }

    private void tell(String problem, AtomicLong count) {
      if (count.incrementAndGet() <= MOST_PROBLEMS) {
        spec.commandLine().getErr().println(problem);
      }
    }

    private static DataDirectory take(Configuration configuration) throws Failure {
      return DataDirectory.take(configuration.data())
          .orElseThrow(() ->
              new Failure(
                  "The data directory "
                      + configuration.data()
                      + " is in use by another process. Stop that one first."));
    }
  }
}
