package hikyaku.systemtests;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program that was run to its end.
 *
 * @param output standard output and standard error as they came
 */
record Ran(List<String> command, int exit, String output) {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int PAUSE_MILLIS = 250;

  /** Runs a program in a directory, with something on its standard input. */
  static Ran in(Path directory, Map<String, String> environment, String input, String... command)
      throws IOException, InterruptedException {
    return in(PATIENCE, directory, environment, input, command);
  }

  /**
   * The same for what may take longer.
   *
   * @param patience after which it is ended
   */
  static Ran in(
      Duration patience,
      Path directory,
      Map<String, String> environment,
      String input,
      String... command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It did not want to read it all; its exit code says what that means.
    }
    boolean ended = process.waitFor(patience.toSeconds(), TimeUnit.SECONDS);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
    }
    String text = Files.readString(output, StandardCharsets.ISO_8859_1);
    Files.delete(output);
    if (!ended) {
      throw new AssertionError(String.join(" ", command) + " did not end; it said:\n" + text);
    }
    return new Ran(List.of(command), process.exitValue(), text);
  }

  static Ran in(Path directory, String... command) throws IOException, InterruptedException {
    return in(directory, Map.of(), "", command);
  }

  /**
   * Between one program and the next that asks the same: what they wait for wants the processor.
   */
  static void pause() throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
  }

  /** Itself, if it ended with 0. */
  Ran ok() {
    return ended(0);
  }

  Ran ended(int expected) {
    if (exit != expected) {
      throw new AssertionError(
          String.join(" ", command) + " ended with " + exit + " and said:\n" + output);
    }
    return this;
  }
}
