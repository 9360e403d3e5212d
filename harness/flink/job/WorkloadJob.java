package statebench;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A workload's stages as one job over the events of a file: keyBy → window → aggregate, once or more, or a join. Every stage's rows go
 * into a digest, its late events are counted.
 *
 * <p>Arguments come as {@code --name value}; {@code --stages} has them in turn with a bar between, as {@link Stage} reads them.
 */
public final class WorkloadJob {
  static final TypeInformation<double[]> NUMBERS = PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO;
  static final TypeInformation<Tuple2<String, double[]>> EVENT = Types.TUPLE(Types.STRING, NUMBERS);
  static final TypeInformation<Tuple4<String, Long, Long, double[]>> ROW = Types.TUPLE(Types.STRING, Types.LONG, Types.LONG, NUMBERS);

  private WorkloadJob() {}

  public static void main(String[] given) throws Exception {
    Map<String, String> arguments = new HashMap<>();
    for (int i = 0; i + 1 < given.length; i += 2) arguments.put(given[i].substring(2), given[i + 1]);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    Stage[] stages = Stage.all(arguments.get("stages"), Boolean.parseBoolean(arguments.get("chained")));
    EventSource.Settings source =
        new EventSource.Settings(
            arguments.get("events-file"),
            arguments.get("gate"),
            arguments.get("progress"),
            Long.parseLong(arguments.get("events")),
            Integer.parseInt(arguments.get("width")),
            Integer.parseInt(arguments.get("key-bytes")),
            stages[0].keyPrefixBytes,
            Long.parseLong(arguments.get("delay-ms")),
            Long.parseLong(arguments.get("every-events")),
            environment.getParallelism());
    DataStream<Tuple2<String, double[]>> events =
        environment.fromSource(new EventSource(source), WatermarkStrategy.noWatermarks(), "source", EVENT).uid("source");
    for (int i = 0; i < stages.length; i++) {
      Stage stage = stages[i];
      SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> rows = stage.over(events);
      String digest = "digest-" + stage.number;
      rows.process(new RowDigest(stage.number, Math.max(1, (stage.keyPrefixBytes + 3) / 4)), Types.VOID).name(digest).uid(digest);
      if (arguments.containsKey("rows")) {
        String name = "rows-" + stage.number;
        rows.process(new RowFile(arguments.get("rows"), stage.number), Types.VOID).name(name).uid(name);
      }
      if (i + 1 < stages.length) events = eventsOf(rows, stages[i + 1]);
    }
    environment.execute(arguments.get("name"));
  }

  /** A stage's rows as the next one's events. */
  private static DataStream<Tuple2<String, double[]>> eventsOf(
      SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> rows, Stage next) {
    int keyPrefixBytes = next.keyPrefixBytes;
    String name = "to-stage-" + next.number;
    return rows.map(row -> Tuple2.of(row.f0.substring(0, keyPrefixBytes), row.f3), EVENT).name(name).uid(name);
  }
}
