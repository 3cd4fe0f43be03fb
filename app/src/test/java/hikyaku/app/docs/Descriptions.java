package hikyaku.app.docs;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.doctree.TextTree;
import com.sun.source.doctree.ValueTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * What the sources say of records and their components: the first paragraph of a record's comment,
 * and its {@code @param}s.
 */
final class Descriptions {
  private final Path root;
  private final Map<String, Described> read = new HashMap<>();

  /** A record with what is said of its components. */
  private record Described(String record, Map<String, String> components) {}

  /**
   * @param root of the checkout
   */
  Descriptions(Path root) {
    this.root = root;
  }

  /** What is said of a component; of one that is a record itself, else what that says of itself. */
  String component(RecordComponent component) {
    String text = of(component.getDeclaringRecord()).components.get(component.getName());
    if (text == null && component.getType().isRecord()) {
      text = of(component.getType()).record.replaceFirst("\\.$", "");
    }
    if (text == null || text.isBlank()) {
      throw new AssertionError(
          component.getDeclaringRecord().getName() + " says nothing of " + component);
    }
    return text;
  }

  private Described of(Class<?> record) {
    if (!read.containsKey(record.getName())) {
      read(source(record));
    }
    Described described = read.get(record.getName());
    if (described == null) {
      throw new AssertionError("no comment at " + record.getName());
    }
    return described;
  }

  private Path source(Class<?> record) {
    Class<?> outer = record;
    while (outer.getEnclosingClass() != null) {
      outer = outer.getEnclosingClass();
    }
    String path = "src/main/java/" + outer.getName().replace('.', '/') + ".java";
    try (Stream<Path> modules = Files.list(root)) {
      return modules
          .map(module -> module.resolve(path))
          .filter(Files::exists)
          .findFirst()
          .orElseThrow(() -> new AssertionError("no source of " + record.getName()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read(Path source) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, List.of("-proc:none"), null, files.getJavaFileObjects(source));
      DocTrees trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        String packageName = String.valueOf(unit.getPackageName());
        new TreePathScanner<Void, String>() {
          @Override
          public Void visitClass(ClassTree tree, String outer) {
            String name = outer + tree.getSimpleName();
            DocCommentTree comment = trees.getDocCommentTree(getCurrentPath());
            if (comment != null) {
              read.put(name, described(comment));
            }
            return super.visitClass(tree, name + "$");
          }
        }.scan(unit, packageName + ".");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Described described(DocCommentTree comment) {
    Map<String, String> components = new HashMap<>();
    for (DocTree tag : comment.getBlockTags()) {
      if (tag instanceof ParamTree param) {
        components.put(param.getName().toString(), text(param.getDescription()));
      }
    }
    return new Described(text(comment.getFirstSentence()), components);
  }

  private static String text(List<? extends DocTree> trees) {
    StringBuilder text = new StringBuilder();
    for (DocTree tree : trees) {
      text.append(
          switch (tree) {
            case TextTree plain -> plain.getBody();
            case LiteralTree code -> code.getBody().getBody();
            case LinkTree link -> name(link.getReference().getSignature());
            case ValueTree value -> constant(value);
            default -> throw new AssertionError("cannot write " + tree + " in a reference");
          });
    }
    return text.toString().replaceAll("\\s+", " ").strip();
  }

  /** A reference to a constant or component, as its bare name. */
  private static String name(String signature) {
    return signature.replaceFirst("\\(.*", "").replaceFirst("^.*[#.]", "");
  }

  private static String constant(ValueTree value) {
    String signature = value.getReference().getSignature();
    int hash = signature.indexOf('#');
    try {
      var field =
          Class.forName(signature.substring(0, hash)).getField(signature.substring(hash + 1));
      if (!Modifier.isStatic(field.getModifiers())) {
        throw new AssertionError("no constant: " + signature);
      }
      return String.valueOf(field.get(null));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("no constant: " + signature, e);
    }
  }
}
