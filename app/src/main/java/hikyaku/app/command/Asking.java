package hikyaku.app.command;

import hikyaku.app.Door;
import hikyaku.app.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** A command that asks a data directory something and prints the answer. */
abstract class Asking implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private Where where;

  @Option(names = "--json", description = "Print the answer as JSON.")
  private boolean json;

  /** Does the work. */
  abstract void run(Door door, Screen screen) throws Failure;

  /** Complains of options that do not go together, with {@link #wrong}. */
  void check() {}

  /** The command line is wrong. */
  CommandLine.ParameterException wrong(String sentence) {
    return new CommandLine.ParameterException(spec.commandLine(), sentence);
  }

  @Override
  public final Integer call() throws Failure {
    check();
    do {
      try (Door door = where.open()) {
        run(door, screen());
      }
    } while (again());
    return exitCode();
  }

  /** Whether to do it once more, after a pause that is taken here. */
  boolean again() throws Failure {
    return false;
  }

  /** What the program ends with when nothing failed. */
  int exitCode() {
    return 0;
  }

  Screen screen() {
    return new Screen(spec.commandLine().getOut());
  }

  /** For what is no part of the answer. */
  Screen notes() {
    return new Screen(spec.commandLine().getErr());
  }

  boolean json() {
    return json;
  }

  CommandSpec spec() {
    return spec;
  }

  /** A text of an answer; empty if it is null or not there. */
  static String text(JsonNode object, String name) {
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? "" : value.asString();
  }

  /** The texts of a list in an answer. */
  static List<String> texts(JsonNode object, String name) {
    List<String> texts = new ArrayList<>();
    object.get(name).forEach(each -> texts.add(each.asString()));
    return texts;
  }

  static long number(JsonNode object, String name) {
    JsonNode value = object.get(name);
    return value == null ? 0 : value.longValue();
  }

  static boolean flag(JsonNode object, String name) {
    JsonNode value = object.get(name);
    return value != null && value.booleanValue();
  }
}
